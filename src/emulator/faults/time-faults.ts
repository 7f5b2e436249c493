import * as v from 'valibot';
import { SECOND_MS } from '../../common/durations.js';
import { flag } from '../fields.js';
import { seconds, signedMilliseconds } from './fault-fields.js';
import { faultSchema, type FaultKind, type FaultKinds, type FaultOf, type FaultScope } from './fault-kind.js';

/**
 * The vendor's clock is wrong: `iat`, `exp`, `Date` and dates in `Retry-After` all move with it.
 *
 * @publicApi
 */
export interface WrongClockFault extends FaultScope {
  readonly kind: 'wrong-clock';
  /** Milliseconds by which the vendor's clock is ahead; negative if it is behind. */
  readonly offsetMs: number;
}

/**
 * No `Date` header.
 *
 * @publicApi
 */
export interface NoDateFault extends FaultScope {
  readonly kind: 'no-date';
}

/**
 * An old `Date`, as a cache sends it.
 *
 * @publicApi
 */
export interface CachedDateFault extends FaultScope {
  readonly kind: 'cached-date';
  /** Seconds, 0 or more. */
  readonly ageS: number;
  /**
   * Whether an `Age` header gives the age. Default `true`; with `false` the client cannot know that the date is old.
   */
  readonly ageHeader?: boolean;
}

/**
 * A fault that changes the `Date` header.
 *
 * @publicApi
 */
export type DateFault = NoDateFault | CachedDateFault;

interface DateFaultKind<Fault> extends FaultKind<Fault> {
  headers(fault: Fault, vendorNowMs: number): Record<string, string>;
}

/** The kinds of fault that change the vendor's clock. The token route reads their fields. */
export const CLOCK_FAULTS: FaultKinds<WrongClockFault> = {
  'wrong-clock': {
    schema: faultSchema('wrong-clock', { offsetMs: signedMilliseconds }),
    example: { kind: 'wrong-clock', offsetMs: -90_000 },
    effect: '`Date`, `iat` and `exp` from a clock that is behind (with a positive number: ahead)',
  },
};

export const DATE_FAULTS: {
  readonly [Kind in DateFault['kind']]: DateFaultKind<FaultOf<DateFault, Kind>>;
} = {
  'no-date': {
    schema: faultSchema('no-date', {}),
    example: { kind: 'no-date' },
    effect: 'no `Date` header',
    headers: () => ({}),
  },
  'cached-date': {
    schema: faultSchema('cached-date', { ageS: seconds, ageHeader: v.optional(flag) }),
    example: { kind: 'cached-date', ageS: 120 },
    effect: 'an old `Date` with an `Age`; with `"ageHeader": false` without one',
    headers: ({ ageS, ageHeader = true }, vendorNowMs) => ({
      Date: new Date(vendorNowMs - ageS * SECOND_MS).toUTCString(),
      ...(ageHeader && { Age: String(ageS) }),
    }),
  },
};

/** The headers `Date` and `Age` of an answer at this moment of the vendor's clock. */
export function dateHeaders(vendorNowMs: number, fault: DateFault | undefined): Record<string, string> {
  if (fault === undefined) return { Date: new Date(vendorNowMs).toUTCString() };
  const kind: DateFaultKind<DateFault> = DATE_FAULTS[fault.kind];
  return kind.headers(fault, vendorNowMs);
}
