import { NudgeAuthError } from '../../src/common/errors.js';
import type { Secret } from '../../src/common/secret.js';
import { resolveNudgeAuthOptions } from '../../src/options/resolve-options.js';
import type { TenantConfig } from '../../src/options/tenants.options.js';
import { NudgeAuthEvents } from '../../src/telemetry/events.js';
import { createTenants } from '../../src/tenants/create-tenants.js';
import type { Tenants } from '../../src/tenants/tenants.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryTokenStore } from '../../src/testing/memory-token-store.js';
import { readClaims } from '../../src/token/claims.js';
import { TransientFailure, type FetchedToken, type TokenRequest } from '../../src/vendor/token-source.js';

export const HOUR_MS = 3_600_000;
export const BASE_URL = 'https://one.nudge.example/api';
/** One that a tenant's config may name. */
export const OTHER_BASE_URL = 'https://two.nudge.example/api';

interface Settings {
  readonly scope?: 'client' | 'user';
  readonly maxEntries?: number;
  readonly maxTenants?: number;
  readonly callsPerMinute?: number;
  readonly withStore?: boolean;
}

/** What a test decides of the host and the vendor. */
export interface TenantsWorld {
  config: (tenant: string) => TenantConfig | undefined | Promise<TenantConfig | undefined>;
  failure: (key: string) => NudgeAuthError | undefined;
  /** Whether the vendor leaves a call without an answer. */
  isHanging: (key: string, baseUrl: string) => boolean;
  /** How often a config was asked for. */
  asked: number;
}

export interface TenantsBeforeVendor {
  readonly clock: ManualClock;
  /** The key of each call, and the user it was for. */
  readonly calls: string[];
  readonly lines: string[];
  readonly world: TenantsWorld;
  readonly tenants: Tenants;
  /** `token`, or the code of the failure, once it is known. */
  readonly begin: (tenant: unknown, extId?: string) => Promise<string>;
  /** Begins one, and returns its answer as {@link answersNow} does. */
  readonly ask: (tenant: unknown, extId?: string) => Promise<string>;
  /** The answers without any time passing: `no answer yet` stands for each that needs time. */
  readonly answersNow: (begun: readonly Promise<string>[]) => Promise<string[]>;
}

/** Tenants before a vendor that notes its calls. */
export function tenantsBeforeVendor({
  scope = 'client',
  maxEntries = 100,
  maxTenants = 1_000,
  callsPerMinute = 1_000,
  withStore = false,
}: Settings = {}): TenantsBeforeVendor {
  const clock = new ManualClock();
  const calls: string[] = [];
  const lines: string[] = [];
  const world: TenantsWorld = {
    config: (tenant) => ({ apiKey: `fake-key-of-${encodeURIComponent(tenant)}` }),
    failure: () => undefined,
    isHanging: () => false,
    asked: 0,
  };
  const options = resolveNudgeAuthOptions({
    tenants: {
      id: () => 'not asked here',
      config: (tenant) => {
        world.asked += 1;
        return world.config(tenant);
      },
      baseUrls: [OTHER_BASE_URL],
      maxTenants,
      logIds: true,
    },
    baseUrl: BASE_URL,
    cache: { maxEntries },
    ...(scope === 'user' ? { scope: 'user', extId: () => 'not asked here' } : { scope: 'client' }),
  });
  const fetchToken = async (
    baseUrl: string,
    { expiryMins, extId }: TokenRequest,
    key: Secret,
    timeoutMs: number,
  ): Promise<FetchedToken> => {
    calls.push(`${key.reveal()} ${extId ?? ''}`.trim());
    if (world.isHanging(key.reveal(), baseUrl)) {
      await new Promise<void>((resolve) => clock.schedule(timeoutMs, resolve));
      throw new TransientFailure('NUDGE_TIMEOUT', 'no answer', { isAnswered: false });
    }
    const failure = world.failure(key.reveal());
    if (failure !== undefined) throw failure;
    const iat = Math.floor(clock.now().wallMs / 1_000);
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const token = `${encode({ alg: 'EdDSA' })}.${encode({ iat, exp: iat + expiryMins * 60 })}.${encode({ n: calls.length })}`;
    return {
      token,
      claims: readClaims(token),
      arrivedAt: clock.now(),
      lifeMs: expiryMins * 60_000,
      ageOnArrivalMs: 0,
      skewMs: undefined,
      keyFingerprint: key.fingerprint,
    };
  };
  if (options.tenants === undefined) throw new Error('the option was given');
  const note = (line: string): void => void lines.push(line);
  const tenants = createTenants({
    tenants: options.tenants,
    sourceOf: (baseUrl) => ({
      fetchToken: (request, key, timeoutMs) => fetchToken(baseUrl, request, key, timeoutMs),
    }),
    store: withStore ? new MemoryTokenStore(clock) : undefined,
    options: { ...options.cache, ...options.http, scope, storeScope: ['test'] },
    defaults: options,
    callsPerMinute,
    events: new NudgeAuthEvents(),
    log: { log: note, warn: note, error: note },
    clock,
    random: () => 0.5,
  });
  const begin = (tenant: unknown, extId?: string): Promise<string> =>
    (async () => tenants.getToken(tenant, { expiryMins: undefined, extId }))().then(
      () => 'token',
      (error: unknown) => (error instanceof NudgeAuthError ? error.code : String(error)),
    );
  const answersNow = async (begun: readonly Promise<string>[]): Promise<string[]> => {
    await clock.advanceAsync(0);
    // Every answer that needs no time comes before the next turn of the event loop.
    const late = new Promise<string>((resolve) => setImmediate(resolve, 'no answer yet'));
    return Promise.all(begun.map((answer) => Promise.race([answer, late])));
  };
  const ask = async (tenant: unknown, extId?: string): Promise<string> =>
    (await answersNow([begin(tenant, extId)])).join();
  return { clock, calls, lines, world, tenants, begin, ask, answersNow };
}
