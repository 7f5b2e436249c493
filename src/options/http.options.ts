import * as v from 'valibot';
import { connectionOptions, type NudgeConnectionOptions } from './connection.options.js';
import { wholeNumber, type Declarations } from './option-rules.js';

/**
 * How the module calls Nudge.
 *
 * @publicApi
 */
export interface NudgeHttpOptions extends NudgeConnectionOptions {
  /** Milliseconds that one attempt may take, 100 to 9000. Default 3000. */
  timeoutMs?: number;
  /** Milliseconds that a caller waits for a token at most, with all attempts and queues, 1000 to 9000. Default 7000. */
  deadlineMs?: number;
  /** Further attempts after a network fault or a 5xx, 0 to 5. Default 2. */
  maxRetries?: number;
}

/** The time limits and the number of retries, with every default. */
export type HttpTiming = Required<Omit<NudgeHttpOptions, keyof NudgeConnectionOptions>>;

/** An attempt needs half a second before the deadline to start, so a much shorter deadline would allow no attempt. */
const MIN_DEADLINE_MS = 1_000;
/** The vendor's Swift sample gives up after ten seconds: the endpoint must answer before, with a token or an error. */
const MAX_DEADLINE_MS = 9_000;

/** @internal */
export const httpOptions = {
  timeoutMs: v.optional(wholeNumber({ min: 100, max: MAX_DEADLINE_MS, unit: 'milliseconds' }), 3_000),
  deadlineMs: v.optional(
    wholeNumber({
      min: MIN_DEADLINE_MS,
      max: MAX_DEADLINE_MS,
      unit: 'milliseconds',
      hint: ': mobile SDKs give up after ten seconds, so an answer must be there before',
    }),
    7_000,
  ),
  maxRetries: v.optional(wholeNumber({ min: 0, max: 5, unit: 'retries' }), 2),
  ...connectionOptions,
} satisfies Declarations<NudgeHttpOptions>;
