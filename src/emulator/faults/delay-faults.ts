import * as v from 'valibot';
import { oneOf } from '../fields.js';
import { milliseconds } from './fault-fields.js';
import { faultSchema, type FaultKinds, type FaultScope } from './fault-kind.js';

/**
 * The answer takes its time.
 *
 * @publicApi
 */
export interface LatencyFault extends FaultScope {
  readonly kind: 'latency';
  /** Milliseconds, 0 or more. */
  readonly latencyMs: number;
  /**
   * Which way is slow. `request` (the default): the token is issued after the wait. `response`: it is issued, and the
   * `Date` header taken, before the wait.
   */
  readonly leg?: 'request' | 'response';
}

/** How long it takes. The token route reads the fields. */
export const DELAY_FAULTS: FaultKinds<LatencyFault> = {
  latency: {
    schema: faultSchema('latency', {
      latencyMs: milliseconds,
      leg: v.optional(oneOf('request', 'response')),
    }),
    example: { kind: 'latency', latencyMs: 800 },
    effect: 'a late answer; with `"leg": "response"` the token is issued before the wait, not after it',
  },
};
