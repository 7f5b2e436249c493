import type { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import { SECOND_MS } from '../common/durations.js';
import { createHttpService, type HttpClientOptions } from '../vendor/http-client.js';

const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

/** More keys than any issuer publishes at once. */
const MAX_JWKS_BYTES = 256 * 1024;

/** The client for an issuer: as for Nudge, with a larger answer. */
export function createJwksHttpService(options: HttpClientOptions): HttpService {
  return createHttpService({ ...options, maxAnswerBytes: MAX_JWKS_BYTES });
}

/**
 * The list that an issuer publishes.
 *
 * @throws when it is none; never a `JwksError`, by which the client says that no key in it is of use.
 * @see RFC 7517 §5
 */
export async function fetchJwks(http: HttpService, uri: string): Promise<{ keys: object[] }> {
  const { status, data } = await firstValueFrom(
    http.get<string>(uri, {
      headers: { accept: 'application/json', 'user-agent': 'nestjs-nudge-auth' },
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    }),
  );
  if (status < 200 || status > 299) throw new Error(`the answer has the status ${status}`);
  const keys: unknown = Reflect.get(Object(JSON.parse(data)), 'keys');
  if (!Array.isArray(keys)) throw new Error('the answer is no list of keys');
  return { keys: keys.filter((key) => typeof key === 'object' && key !== null) };
}
