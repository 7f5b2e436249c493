import * as v from 'valibot';
import { oneOf } from '../fields.js';
import { milliseconds } from './fault-fields.js';
import { faultSchema, type FaultKinds, type FaultScope } from './fault-kind.js';

/**
 * The answer comes late.
 *
 * @publicApi
 */
export interface LatencyFault extends FaultScope {
  readonly kind: 'latency';
  /** Milliseconds, 0 or more. */
  readonly latencyMs: number;
  /**
   * Which direction is slow. `request` (the default): the token is issued after the wait. `response`: the token is
   * issued, and the `Date` header is set, before the wait.
   */
  readonly leg?: 'request' | 'response';
}

/** The kinds of fault that delay an answer. The token route reads their fields. */
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
