import * as fc from 'fast-check';

export const TENANTS = ['acme', 'Acme', 'acme '] as const;
export type TenantName = (typeof TENANTS)[number];

/** How Nudge answers the calls of one account. */
export type AccountState = 'well' | 'refusing' | 'failing' | 'invalid' | 'hanging' | 'slow';
/** How the host's function answers for one tenant. */
export type ConfigState = 'well' | 'throwing' | 'hanging' | 'late' | 'gone' | 'invalid';

/** A step of one tenant. */
export type TenantStep =
  | { readonly do: 'ask'; readonly user: number; readonly callers: number; readonly force: boolean }
  | { readonly do: 'account'; readonly state: AccountState }
  | { readonly do: 'config'; readonly state: ConfigState }
  | { readonly do: 'new key' }
  | { readonly do: 'fallback'; readonly isThere: boolean }
  | { readonly do: 'move' }
  | { readonly do: 'invalidate'; readonly user: number | undefined };

/** A step that affects all tenants. */
export type SharedStep =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'store'; readonly state: 'well' | 'failing' | 'hanging' }
  | { readonly do: 'rate limit'; readonly calls: number };

export type Step = (TenantStep & { readonly tenant: TenantName }) | SharedStep;

export interface TenantHistory {
  readonly scope: 'client' | 'user';
  readonly withStore: boolean;
  readonly maxTenants: number;
  readonly maxEntries: number;
  readonly steps: readonly Step[];
}

const MINUTE_MS = 60_000;

function ofTenant(step: fc.Arbitrary<TenantStep>): fc.Arbitrary<Step> {
  return fc.tuple(fc.constantFrom(...TENANTS), step).map(([tenant, what]) => ({ ...what, tenant }));
}

const user = fc.nat(2);
const ask = ofTenant(
  fc.record({
    do: fc.constant('ask' as const),
    user,
    callers: fc.integer({ min: 1, max: 3 }),
    force: fc.oneof({ arbitrary: fc.constant(false), weight: 5 }, fc.constant(true)),
  }),
);
const pass = fc.record({
  do: fc.constant('pass' as const),
  ms: fc.oneof(fc.nat(500), fc.nat(9_000), fc.integer({ min: 20_000, max: 130_000 }), fc.nat(80 * MINUTE_MS)),
});
const own: fc.WeightedArbitrary<Step>[] = [
  { arbitrary: ask, weight: 12 },
  { arbitrary: pass, weight: 8 },
  {
    arbitrary: ofTenant(
      fc.record({
        do: fc.constant('account' as const),
        state: fc.constantFrom('well', 'well', 'refusing', 'failing', 'invalid', 'hanging', 'slow'),
      }),
    ),
    weight: 4,
  },
  {
    arbitrary: ofTenant(
      fc.record({
        do: fc.constant('config' as const),
        state: fc.constantFrom('well', 'well', 'throwing', 'hanging', 'late', 'gone', 'invalid'),
      }),
    ),
    weight: 3,
  },
  { arbitrary: ofTenant(fc.constant({ do: 'new key' as const })), weight: 2 },
  {
    arbitrary: ofTenant(fc.record({ do: fc.constant('fallback' as const), isThere: fc.boolean() })),
    weight: 1,
  },
  { arbitrary: ofTenant(fc.constant({ do: 'move' as const })), weight: 1 },
  {
    arbitrary: ofTenant(
      fc.record({ do: fc.constant('invalidate' as const), user: fc.option(user, { nil: undefined }) }),
    ),
    weight: 2,
  },
];

const common = { scope: fc.constantFrom('client' as const, 'user' as const), withStore: fc.boolean() };

/** Histories with room for all tenants and no shared failure: no tenant may notice another one. */
export const roomyHistories: fc.Arbitrary<TenantHistory> = fc.record({
  ...common,
  maxTenants: fc.constant(10),
  maxEntries: fc.constant(100),
  steps: fc.array(fc.oneof(...own), { minLength: 5, maxLength: 30 }),
});

/** Histories with too little room, a failing store and 429s: tenants may notice each other, but never get wrong tokens. */
export const crowdedHistories: fc.Arbitrary<TenantHistory> = fc.record({
  ...common,
  maxTenants: fc.constantFrom(1, 2, 10),
  maxEntries: fc.constantFrom(1, 2, 4),
  steps: fc.array(
    fc.oneof(
      ...own,
      {
        arbitrary: fc.record({
          do: fc.constant('store' as const),
          state: fc.constantFrom('well', 'failing', 'hanging'),
        }),
        weight: 2,
      },
      {
        arbitrary: fc.record({ do: fc.constant('rate limit' as const), calls: fc.nat(2) }),
        weight: 1,
      },
    ),
    { minLength: 5, maxLength: 30 },
  ),
});
