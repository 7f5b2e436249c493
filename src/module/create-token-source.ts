import type { Clock } from '../common/clock.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { createHttpService } from '../vendor/http-client.js';
import { NudgeHttpTokenSource } from '../vendor/nudge-http-source.js';
import type { TokenSource } from '../vendor/token-source.js';

/** Creates the source that calls Nudge at a base URL with the registration's proxy and agents. */
export function createTokenSource(
  baseUrl: string,
  { connection }: ResolvedNudgeAuthOptions['http'],
  clock: Clock,
): TokenSource {
  return new NudgeHttpTokenSource(createHttpService({ url: baseUrl, ...connection.open() }), baseUrl, clock);
}
