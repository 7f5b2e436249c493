import { SharedRoom } from '../cache/shared-room.js';
import type { TokenCacheOptions } from '../cache/token-cache.js';
import type { Clock, Random } from '../common/clock.js';
import { MINUTE_MS } from '../common/durations.js';
import { tenantFingerprintOf } from '../common/tenant-fingerprint.js';
import type { ResolvedTenantsOptions } from '../options/resolve-tenants.js';
import { LOOK_FOR_INVALIDATIONS, StoreCircuitBreaker, watchStore } from '../store/store-circuit-breaker.js';
import type { TokenStore, TokenStoreUser } from '../store/token-store.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { LogSink } from '../telemetry/log-lines.js';
import { CLIENT_ROTATE_AFTER_MS } from '../token/freshness.js';
import type { AttemptOptions } from '../vendor/attempts.js';
import { rotationsPerMinute } from '../vendor/call-budget.js';
import type { TokenSource } from '../vendor/token-source.js';
import { ConfigRequests } from './config-requests.js';
import { KnownTenants } from './known-tenants.js';
import { RefusedTenants } from './refused-tenants.js';
import { accountOf, type AccountRules } from './tenant-account.js';
import { TenantDirectory } from './tenant-directory.js';
import { TenantLog } from './tenant-log.js';
import { Tenant, type TenantParts } from './tenant.js';
import { Tenants } from './tenants.js';
import { VendorOrigins } from './vendor-origins.js';

/** About as many tokens as a process writes in all when the store is back. */
const MOST_PUBLISHED = 100;

export interface TenantsParts {
  readonly tenants: ResolvedTenantsOptions;
  readonly sourceOf: (baseUrl: string) => TokenSource;
  readonly store: TokenStore | undefined;
  readonly options: TokenCacheOptions & AttemptOptions;
  readonly defaults: Omit<AccountRules, 'baseUrls'>;
  readonly callsPerMinute: number;
  readonly events: NudgeAuthEvents;
  readonly log: LogSink;
  readonly clock: Clock;
  readonly random: Random;
}

/** Creates the tenants of a registration and what they share: the store, the room for tokens, the vendor origins. */
export function createTenants(parts: TenantsParts): Tenants {
  const { tenants, options, defaults, events, clock, random } = parts;
  const known = new KnownTenants(tenants.maxTenants, clock);
  const store = boundStore(parts, known, {
    invalidatedAll: (id) => {
      if (id !== undefined) facade.invalidatedElsewhere(id);
    },
    lost: (error) => breaker.noticed(LOOK_FOR_INVALIDATIONS, error),
  });
  const breaker =
    store === undefined
      ? new StoreCircuitBreaker(() => Promise.resolve(), events, clock, random)
      : watchStore(store, new URL(defaults.baseUrl).origin, events, clock, random);
  const nameOf = (id: string): string =>
    tenants.logIds ? JSON.stringify(id) : tenantFingerprintOf(id, tenants.fingerprintKey);
  const log = new TenantLog(parts.log, clock);
  const tenantParts: TenantParts = {
    origins: new VendorOrigins({ ...parts, store, breaker }),
    store,
    breaker,
    optionsOf: tenantOptions(parts, known),
    scope: options.scope,
    configTtlMs: tenants.configTtlMs,
    askAnew: (id) => directory.askAnew(id),
    events,
    clock,
    random,
  };
  const rules = { ...defaults, baseUrls: tenants.baseUrls };
  const directory = new TenantDirectory({
    known,
    refused: new RefusedTenants(clock, random),
    requests: new ConfigRequests(tenants.config, options.deadlineMs, clock),
    accountOf: (config) => accountOf(config, rules),
    create: (id, account) => {
      const tenant = new Tenant(id, tenantFingerprintOf(id, tenants.fingerprintKey), account, tenantParts);
      return tenant.loggedTo(log.of(nameOf(id)));
    },
    logOf: (id) => log.of(nameOf(id)),
    configTtlMs: tenants.configTtlMs,
    deadlineMs: options.deadlineMs,
    clock,
  });
  const facade = new Tenants(directory, known, store, breaker, clock);
  return facade;
}

/** The options of a tenant's cache. Some depend on the number of tenants that are active at the moment. */
function tenantOptions(
  { options, callsPerMinute }: TenantsParts,
  known: KnownTenants,
): TenantParts['optionsOf'] {
  const room = new SharedRoom(options.maxEntries);
  return (storeScope) => ({
    ...options,
    room,
    storeScope: [...options.storeScope, ...storeScope],
    /** Late enough that the rotations of all active tenants together fit into the half of the budget for rotations. */
    get rotateAfterMs() {
      if (options.scope === 'user') return options.rotateAfterMs;
      const leastMs = (known.countActive() * MINUTE_MS) / rotationsPerMinute(callsPerMinute);
      return Math.max(options.rotateAfterMs ?? CLIENT_ROTATE_AFTER_MS, leastMs);
    },
    get mostPublished() {
      return Math.ceil(MOST_PUBLISHED / known.countActive());
    },
  });
}

function boundStore(
  { store, options }: TenantsParts,
  known: KnownTenants,
  listeners: Pick<TokenStoreUser, 'invalidatedAll' | 'lost'>,
): TokenStore | undefined {
  if (!options.holdsTokens || store === undefined) return undefined;
  const user = {
    registration: options.storeScope?.[0] ?? '',
    secrets: () => Promise.resolve([]),
    hasTenants: true,
    heldTenants: () => known.ids(),
    ...listeners,
  };
  return store.bind?.(user) ?? store;
}
