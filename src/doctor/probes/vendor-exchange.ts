import { elapsedMs, type Instant } from '../../common/clock.js';
import type { NudgeAuthError } from '../../common/errors.js';
import { sendTokenCall, type HttpAnswer } from '../../vendor/token-call.js';
import { failureOfTransport } from '../../vendor/transport-failure.js';
import { httpClientFor } from './http.js';
import { once } from './once.js';
import { apiKeyOf, resolvedSettings } from './settings.js';

/** The one call to Nudge. */
export interface VendorExchange {
  readonly sentAt: Instant;
  readonly receivedAt: Instant;
  readonly elapsedMs: number;
  /** The answer, or the error if none came. */
  readonly outcome: HttpAnswer | NudgeAuthError;
}

/**
 * Waits longer than `http.timeoutMs`, so that a late answer differs from no answer. The check's signal ends the wait.
 */
export const callNudge = once(async (context, signal): Promise<VendorExchange> => {
  const { clock } = context.machine;
  const { baseUrl, defaultExpiryMins } = await resolvedSettings(context, signal);
  const apiKey = await apiKeyOf(context, signal);
  const client = httpClientFor(baseUrl, context.machine);
  const sentAt = clock.now();
  const outcome = await sendTokenCall((url, config) => client.get<string>(url, config), {
    baseUrl,
    request: { expiryMins: defaultExpiryMins },
    apiKey,
    signal,
  }).catch((error: unknown) => {
    const waitedMs = elapsedMs(sentAt, clock.now());
    return failureOfTransport(error, signal.aborted ? waitedMs : undefined);
  });
  const receivedAt = clock.now();
  return { sentAt, receivedAt, elapsedMs: elapsedMs(sentAt, receivedAt), outcome };
});

/** The answer. Only for checks that need the check `call`. */
export const answerOfNudge = once(
  async (context, signal): Promise<VendorExchange & { outcome: HttpAnswer }> => {
    const exchange = await callNudge(context, signal);
    if (exchange.outcome instanceof Error) throw exchange.outcome;
    return { ...exchange, outcome: exchange.outcome };
  },
);
