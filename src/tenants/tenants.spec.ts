import { describe, expect, it } from '@jest/globals';
import { NudgeAuthError } from '../common/errors.js';
import type { Secret } from '../common/secret.js';
import { resolveNudgeAuthOptions } from '../options/resolve-options.js';
import type { TenantConfig } from '../options/tenants.options.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import { readClaims } from '../token/claims.js';
import { FairTickets } from '../vendor/fair-tickets.js';
import type { FetchedToken, TokenRequest } from '../vendor/token-source.js';
import { createTenants } from './create-tenants.js';
import { tenantIdOf } from './tenant-id.js';

const HOUR_MS = 3_600_000;
const ONE = 'https://one.nudge.example/api';
const TWO = 'https://two.nudge.example/api';
const WHOLE_CLIENT = { expiryMins: undefined, extId: undefined };

/** Tenants with a vendor that records its calls. `config` and `failure` set the answers of host and vendor. */
function setUp({
  scope = 'client',
  maxEntries = 100,
}: { scope?: 'client' | 'user'; maxEntries?: number } = {}) {
  const clock = new ManualClock();
  const calls: string[] = [];
  const lines: string[] = [];
  const world = {
    config: (tenant: string): TenantConfig | undefined | Promise<TenantConfig | undefined> => ({
      apiKey: `fake-key-of-${encodeURIComponent(tenant)}`,
    }),
    failure: (_key: string): NudgeAuthError | undefined => undefined,
    asked: 0,
  };
  const options = resolveNudgeAuthOptions({
    tenants: {
      id: () => 'not called here',
      config: (tenant) => {
        world.asked += 1;
        return world.config(tenant);
      },
      baseUrls: [TWO],
      logIds: true,
    },
    baseUrl: ONE,
    cache: { maxEntries },
    ...(scope === 'user' ? { scope: 'user', extId: () => 'not called here' } : { scope: 'client' }),
  });
  const fetchToken = async ({ expiryMins, extId }: TokenRequest, key: Secret): Promise<FetchedToken> => {
    calls.push(`${key.reveal()} ${extId ?? ''}`.trim());
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
    sourceOf: () => ({ fetchToken }),
    store: undefined,
    options: { ...options.cache, ...options.http, scope, storeScope: ['test'] },
    defaults: options,
    callsPerMinute: 1_000,
    events: new NudgeAuthEvents(),
    log: { log: note, warn: note, error: note },
    clock,
    random: () => 0.5,
  });
  /** `token`, or the code of the failure. */
  const ask = async (tenant: unknown, extId?: string): Promise<string> => {
    const asking = (async () => tenants.getToken(tenant, { expiryMins: undefined, extId }))();
    const outcome = asking.then(
      () => 'token',
      (error: unknown) => (error instanceof NudgeAuthError ? error.code : String(error)),
    );
    await clock.advanceAsync(0);
    return outcome;
  };
  return { clock, calls, lines, world, tenants, ask };
}

describe('tenants', () => {
  it.each([undefined, null, '', 7, 'a'.repeat(201), 'a\u0000b', 'a\nb', '\ud800'])(
    'refuse %p as an id: there is no default tenant',
    (id) => {
      expect(() => tenantIdOf(id)).toThrow(NudgeAuthError);
    },
  );

  it('treat ids that differ in case, Unicode form or a trailing blank as different tenants', async () => {
    const { ask, calls } = setUp();
    for (const id of ['acme', 'Acme', 'acme ', 'caf\u00e9', 'cafe\u0301']) await ask(id);
    expect(new Set(calls).size).toBe(5);
  });

  it('make no call for an unknown id, and ask the host for it again after ten seconds only', async () => {
    const { ask, calls, world, clock } = setUp();
    world.config = () => undefined;
    expect(await ask('unknown')).toBe('NUDGE_UNKNOWN_TENANT');
    expect(await ask('unknown')).toBe('NUDGE_UNKNOWN_TENANT');
    expect(world.asked).toBe(1);
    world.config = () => ({ apiKey: 'fake-key-of-a-new-tenant' });
    await clock.advanceAsync(10_000);
    expect(await ask('unknown')).toBe('token');
    expect(calls).toHaveLength(1);
  });

  it('serve a tenant with its last config for an hour, and no longer, while the host fails', async () => {
    const { ask, world, clock } = setUp();
    expect(await ask('acme')).toBe('token');
    world.config = () => Promise.reject(new Error('obviously-secret'));
    await clock.advanceAsync(HOUR_MS - 120_000);
    expect(await ask('acme')).toBe('token');
    await clock.advanceAsync(120_000);
    expect(await ask('acme')).toBe('NUDGE_TENANT_UNAVAILABLE');
  });

  it('send nothing to a base URL that is not allowed, and log an error that does not quote it', async () => {
    const { ask, world, calls, lines } = setUp();
    world.config = (tenant) => ({
      apiKey: 'fake-key',
      baseUrl: tenant === 'good' ? `${TWO}/` : 'https://evil.example/api',
    });
    expect(await ask('bad')).toBe('NUDGE_TENANT_UNAVAILABLE');
    expect(calls).toEqual([]);
    expect(lines.join()).toContain('tenants.baseUrls does not allow');
    expect(lines.join()).not.toContain('evil');
    expect(await ask('good')).toBe('token');
  });

  it('back off only for the tenant whose key Nudge refuses', async () => {
    const { ask, world, calls, lines } = setUp();
    world.failure = (key) =>
      key.endsWith('acme') ? new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'no') : undefined;
    expect(await ask('acme')).toBe('NUDGE_CREDENTIALS_REJECTED');
    expect(await ask('acme')).toBe('NUDGE_CREDENTIALS_REJECTED');
    expect(await ask('other')).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme', 'fake-key-of-other']);
    expect(lines.filter((line) => line.includes('"other"'))).toEqual([]);
  });

  it('pause all tenants of an origin after a 429, and none of another origin', async () => {
    const { ask, world, calls } = setUp();
    world.config = (tenant) => ({
      apiKey: `fake-key-of-${tenant}`,
      ...(tenant === 'far' ? { baseUrl: TWO } : {}),
    });
    world.failure = (key) =>
      key.endsWith('acme')
        ? new NudgeAuthError('NUDGE_RATE_LIMITED', 'too many', { retryAfterMs: 30_000 })
        : undefined;
    expect(await ask('acme')).toBe('NUDGE_RATE_LIMITED');
    expect(await ask('near')).toBe('NUDGE_RATE_LIMITED');
    expect(await ask('far')).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme', 'fake-key-of-far']);
  });

  it('ignore an answer of the host when they have asked again since', async () => {
    const { ask, world, tenants, calls, clock } = setUp();
    let answerLate: (config: TenantConfig) => void = () => undefined;
    world.config = () => new Promise((resolve) => (answerLate = resolve));
    void ask('acme');
    await clock.advanceAsync(0);
    const answerFirst = answerLate;
    world.config = () => ({ apiKey: 'fake-key-after' });
    await tenants.invalidateAll('acme');
    answerFirst({ apiKey: 'fake-key-before' });
    expect(await ask('acme')).toBe('token');
    expect(calls).toEqual(['fake-key-after']);
  });

  it('evict the tokens of a tenant with too many users, and still limit each user to a call in 30 s', async () => {
    const { ask, calls, clock } = setUp({ scope: 'user', maxEntries: 10 });
    for (const user of ['a', 'b', 'c']) await ask('small', user);
    for (let user = 0; user < 40; user += 1) await ask('large', `user-${user}`);
    for (const user of ['a', 'b', 'c']) expect(await ask('small', user)).toBe('token');
    expect(calls.filter((call) => call.includes('small'))).toHaveLength(3);
    expect(await ask('large', 'user-0')).toBe('NUDGE_RATE_LIMITED');
    await clock.advanceAsync(30_000);
    expect(await ask('large', 'user-0')).toBe('token');
  });

  it('drop a tenant and its tokens when the host no longer knows it', async () => {
    const { ask, world, tenants, calls } = setUp();
    await ask('acme');
    world.config = () => undefined;
    await tenants.invalidateAll('acme');
    expect(await ask('acme')).toBe('NUDGE_UNKNOWN_TENANT');
    expect(tenants.statusOf('acme').heldTokens).toBe(0);
    expect(calls).toHaveLength(1);
  });

  it('fetch a new token after an invalidation, and report a separate status for each tenant', async () => {
    const { tenants, ask } = setUp();
    await ask('acme');
    await tenants.invalidate('acme', WHOLE_CLIENT);
    expect(await ask('acme')).toBe('token');
    expect(tenants.statusOf('acme')).toMatchObject({ heldTokens: 1, nextAttemptInMs: 0 });
    expect(tenants.statusOf('never asked for')).toMatchObject({
      heldTokens: 0,
      summary: { lastSuccessAt: undefined, lastFailure: undefined },
    });
  });
});

describe('a tenant in scope user', () => {
  it('can still renew tokens after a failure of Nudge for one of its users', async () => {
    const { tenants, world, ask } = setUp({ scope: 'user' });
    world.failure = () => new NudgeAuthError('NUDGE_BAD_RESPONSE', 'an answer about this user alone');
    expect(await ask('acme', 'ada')).toBe('NUDGE_BAD_RESPONSE');
    expect(tenants.statusOf('acme').summary).toMatchObject({
      lastFailure: { code: 'NUDGE_BAD_RESPONSE' },
      renewalFailure: undefined,
    });
  });
});

describe('FairTickets', () => {
  it('serves tenants in turns, however many tickets one of them has', () => {
    const tickets = new FairTickets<{ lane: string; n: number }>();
    for (let n = 0; n < 1_000; n += 1) tickets.add({ lane: 'large', n });
    tickets.add({ lane: 'small', n: 0 });
    expect(tickets.countAheadOf('small')).toBe(3);
    const served: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const next = tickets.next(() => true);
      if (next !== undefined) tickets.serve(next);
      served.push(next?.lane ?? '');
    }
    expect(served).toEqual(['large', 'small', 'large']);
  });
});
