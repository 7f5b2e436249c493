import * as fc from 'fast-check';
import type { NudgeAuthErrorCode } from '../../src/common/errors.js';
import type { VendorBehaviour } from './simulated-vendor.js';

/** A step of a history. The steps happen one after the other. */
export type Step =
  | {
      readonly do: 'ask';
      readonly callers: number;
      readonly user: number;
      /** `true`: all users ask in the same moment. */
      readonly allUsers: boolean;
      readonly force: boolean;
      readonly abortAfterMs?: number | undefined;
    }
  /** One caller after the other asks, for a while. */
  | { readonly do: 'keep asking'; readonly user: number; readonly times: number; readonly everyMs: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'behave'; readonly behaviour: VendorBehaviour }
  | { readonly do: 'key'; readonly fingerprint: string }
  | { readonly do: 'invalidate'; readonly user: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'suspend'; readonly ms: number }
  | { readonly do: 'store'; readonly state: 'well' | 'failing' | 'hanging' };

export interface History {
  readonly scope: 'client' | 'user';
  readonly expiryMins: number;
  readonly cacheEnabled: boolean;
  readonly withStore: boolean;
  readonly rotateAfterMs: number | undefined;
  readonly minRemainingMs: number | undefined;
  readonly maxWaitMs: number;
  readonly maxEntries: number;
  /** Milliseconds by which this machine's clock is wrong. */
  readonly localOffsetMs: number;
  /** Milliseconds by which the vendor's clock is wrong. */
  readonly vendorOffsetMs: number;
  /** Seeds the jitter. */
  readonly seed: number;
  /** The lowest value that the random function returns: with 0.5 every wait has a known lowest length. */
  readonly leastChance: 0 | 0.5;
  readonly steps: readonly Step[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const failureCode = fc.constantFrom<NudgeAuthErrorCode>(
  'NUDGE_UNAVAILABLE',
  'NUDGE_TIMEOUT',
  'NUDGE_BAD_RESPONSE',
  'NUDGE_CREDENTIALS_REJECTED',
  'NUDGE_RATE_LIMITED',
);

const behaviour: fc.Arbitrary<VendorBehaviour> = fc.oneof(
  { arbitrary: fc.constant<VendorBehaviour>({ kind: 'well' }), weight: 5 },
  fc.record({ kind: fc.constant('slow' as const), requestMs: fc.nat(9_000), responseMs: fc.nat(9_000) }),
  fc.record({ kind: fc.constant('aged' as const), ageMs: fc.nat(70 * MINUTE_MS) }),
  fc.constant<VendorBehaviour>({ kind: 'repeating' }),
  fc.record({ kind: fc.constant('short' as const), lifeMs: fc.integer({ min: 1_000, max: 40 * MINUTE_MS }) }),
  {
    arbitrary: fc.record({
      kind: fc.constant('failing' as const),
      code: failureCode,
      retryAfterMs: fc.option(fc.nat(90_000), { nil: undefined, freq: 2 }),
    }),
    weight: 3,
  },
  fc.constant<VendorBehaviour>({ kind: 'throwing' }),
  fc.constant<VendorBehaviour>({ kind: 'hanging' }),
);

/** A moment, some seconds, the time between two rotations, or up to more than a token's life. */
const pause = fc.oneof(
  fc.nat(600),
  fc.nat(10_000),
  fc.integer({ min: 800, max: 5_000 }),
  fc.integer({ min: 50_000, max: 130_000 }),
  fc.nat(70 * MINUTE_MS),
);
export const USERS = 3;
const user = fc.nat(USERS - 1);

const ask: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('ask' as const),
  callers: fc.integer({ min: 1, max: 4 }),
  user,
  allUsers: fc.boolean(),
  force: fc.boolean(),
  abortAfterMs: fc.option(fc.nat(3_000), { nil: undefined, freq: 6 }),
});
const pass: fc.Arbitrary<Step> = fc.record({ do: fc.constant('pass' as const), ms: pause });
const common: fc.WeightedArbitrary<Step>[] = [
  { arbitrary: ask, weight: 8 },
  { arbitrary: ask.map((step) => ({ ...step, force: false })), weight: 8 },
  { arbitrary: pass, weight: 8 },
  {
    arbitrary: fc.record({
      do: fc.constant('keep asking' as const),
      user,
      times: fc.integer({ min: 2, max: 10 }),
      everyMs: fc.integer({ min: 300, max: 3_000 }),
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constant('behave' as const), behaviour }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant('invalidate' as const), user }), weight: 2 },
  {
    arbitrary: fc.record({
      do: fc.constant('key' as const),
      fingerprint: fc.constantFrom('cafe0001', 'cafe0002'),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      state: fc.constantFrom('well', 'failing', 'hanging'),
    }),
    weight: 2,
  },
];
const jump: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('jump' as const),
  ms: fc.constantFrom(-HOUR_MS, -10 * MINUTE_MS, -1_500, 1_500, 10 * MINUTE_MS, HOUR_MS),
});
const suspend: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('suspend' as const),
  ms: fc.nat(2 * HOUR_MS),
});

/**
 * A history has jumps of the wall clock or suspends, but not both. If the clock is set back while the machine sleeps, the
 * module cannot see that time has passed.
 */
function steps(disturbance: 'none' | 'jumps' | 'suspends'): fc.Arbitrary<readonly Step[]> {
  const more: fc.WeightedArbitrary<Step>[] =
    disturbance === 'jumps'
      ? [{ arbitrary: jump, weight: 2 }]
      : disturbance === 'suspends'
        ? [{ arbitrary: suspend, weight: 2 }]
        : [];
  return fc.array(fc.oneof(...common, ...more), { minLength: 3, maxLength: 40 });
}

/** Changes a history so that the vendor repeats a token until its end, and callers ask in its last moments. */
function repeating(history: History, moments: readonly Step[], beforeEndMs: number): History {
  const expiryMins = 30;
  const begin: Step[] = [
    { do: 'ask', callers: 1, user: 0, allUsers: false, force: false },
    { do: 'behave', behaviour: { kind: 'repeating' } },
    // So often that the wait between two attempts has grown.
    { do: 'keep asking', user: 0, times: expiryMins - 5, everyMs: MINUTE_MS },
    { do: 'pass', ms: 5 * MINUTE_MS - beforeEndMs },
  ];
  return { ...history, scope: 'client', cacheEnabled: true, expiryMins, steps: [...begin, ...moments] };
}

const lastMoments = fc.array(
  fc.oneof(
    ask.map((step) => ({ ...step, force: false })),
    fc.record({ do: fc.constant('pass' as const), ms: fc.nat(10_000) }),
    fc.record({
      do: fc.constant('keep asking' as const),
      user,
      times: fc.integer({ min: 2, max: 20 }),
      everyMs: fc.integer({ min: 100, max: 3_000 }),
    }),
    fc.record({
      do: fc.constant('behave' as const),
      behaviour: fc.constantFrom<VendorBehaviour>(
        { kind: 'well' },
        { kind: 'repeating' },
        { kind: 'repeating' },
      ),
    }),
  ),
  { minLength: 3, maxLength: 30 },
);

export const histories: fc.Arbitrary<History> = fc.record({
  scope: fc.constantFrom('client', 'user'),
  expiryMins: fc.constantFrom(30, 60, 1440),
  cacheEnabled: fc.oneof(
    { arbitrary: fc.constant(true), weight: 9 },
    { arbitrary: fc.constant(false), weight: 1 },
  ),
  withStore: fc.boolean(),
  rotateAfterMs: fc.option(fc.integer({ min: 1_000, max: 2 * HOUR_MS }), { nil: undefined }),
  minRemainingMs: fc.option(fc.nat(10 * MINUTE_MS), { nil: undefined }),
  maxWaitMs: fc.constantFrom(0, 500, 5_000),
  localOffsetMs: fc.constantFrom(0, 0, -10 * MINUTE_MS, 10 * MINUTE_MS),
  vendorOffsetMs: fc.constantFrom(0, 0, -10 * MINUTE_MS, 10 * MINUTE_MS),
  maxEntries: fc.constantFrom(1, 2, 10, 10),
  seed: fc.nat(),
  leastChance: fc.constantFrom(0, 0.5, 0.5),
  steps: fc.constantFrom('none' as const, 'jumps' as const, 'suspends' as const).chain(steps),
});

export const historiesOfRepetition: fc.Arbitrary<History> = fc
  .tuple(histories, lastMoments, fc.nat(3 * MINUTE_MS))
  .map(([history, moments, beforeEndMs]) => repeating(history, moments, beforeEndMs));
