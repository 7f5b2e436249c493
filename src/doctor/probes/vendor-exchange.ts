import { elapsedMs, type Instant } from '../../common/clock.js';
import type { NudgeAuthError } from '../../common/errors.js';
import type { HttpAnswer } from '../../vendor/answer.js';
import { sendTokenCall } from '../../vendor/token-call.js';
import { failureOfTransport } from '../../vendor/transport-failure.js';
import { httpClientFor } from './http.js';
import { once } from './once.js';
import { apiKeyOf, resolvedSettings } from './settings.js';

/** The one call to Nudge. */
export interface VendorExchange {
  readonly sentAt: Instant;
  readonly receivedAt: Instant;
  readonly elapsedMs: number;
  /** The answer, or why there is none. */
  readonly outcome: HttpAnswer | NudgeAuthError;
}

/** Waits as long as the first check that asks: an answer that comes too late for the module is to be told from none. */
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

/** The answer, for checks that need the one of the call to have passed. */
export const answerOfNudge = once(
  async (context, signal): Promise<VendorExchange & { outcome: HttpAnswer }> => {
    const exchange = await callNudge(context, signal);
    if (exchange.outcome instanceof Error) throw exchange.outcome;
    return { ...exchange, outcome: exchange.outcome };
  },
);
