import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { CompiledPod } from './support/compiled.js';
import { describeRedis } from './support/describe-redis.js';
import { fakeEncryptionKey } from './support/fake-encryption-key.js';
import { RedisServer } from './support/redis-server.js';
import { TenantFleet } from './support/tenant-fleet.js';
import type { TenantAnswer } from './support/tenant-pod-protocol.js';
import { until } from './support/until.js';

const PODS = 4;
/** The last three differ from the first two only in case, Unicode form or a blank. */
const TENANTS = ['acme', 'café', 'globex', 'Acme', 'cafe\u0301', 'acme '];

describeRedis('a fleet of four processes that serves tenants', () => {
  let nudge: NudgeEmulator;
  let redis: RedisServer;
  let compiled: CompiledPod;
  let fleet: TenantFleet;
  /** The emulator's account of each tenant. The names of accounts allow fewer characters than the ids of tenants. */
  const accountOf = (tenant: string): string => `account-${TENANTS.indexOf(tenant)}`;

  beforeAll(async () => {
    const accounts = Object.fromEntries(
      TENANTS.map((tenant, index) => [accountOf(tenant), { apiKeys: [`obviously-fake-key-${index}`] }]),
    );
    accounts['warm-up'] = { apiKeys: ['obviously-fake-warm-up-key'] };
    nudge = await NudgeEmulator.start({ accounts, extIdClaim: 'ext', requestLogSize: 10_000 });
    [compiled, redis] = await Promise.all([CompiledPod.create('tenant-pod'), RedisServer.start()]);
    fleet = await TenantFleet.boot(PODS, compiled.entryPoint);
    await fleet.setKey('warm-up', 'obviously-fake-warm-up-key');
    for (const [index, tenant] of TENANTS.entries())
      await fleet.setKey(tenant, `obviously-fake-key-${index}`);
    const common = { baseUrl: nudge.url, redisUrl: redis.url, encryptionKeys: [fakeEncryptionKey()] };
    await fleet.start('by user', { ...common, scope: 'user', keyPrefix: 'by-user:' });
    await fleet.start('by tenant', { ...common, scope: 'client', keyPrefix: 'by-tenant:' });
  }, 60_000);

  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await nudge.stop();
    compiled[Symbol.dispose]();
  });

  /** Each process asks for a tenant that no test uses, until it is connected to Redis. */
  async function untilConnected(): Promise<void> {
    await until(
      'every process is connected to Redis',
      async () => {
        await fleet.ask('by user', ['warm-up']);
        return fleet.hasStore('by user');
      },
      40_000,
    );
  }

  function kidOf(tenant: string): string | undefined {
    return nudge.state.accounts[accountOf(tenant)]?.kid;
  }

  function callsFor(tenant: string): number {
    return nudge.counters.byAccount[accountOf(tenant)] ?? 0;
  }

  /** Expects that every answer is a token of the tenant's own account. */
  function expectOwn(answers: readonly TenantAnswer[]): void {
    for (const { tenant, kid, code } of answers) {
      expect({ tenant, kid, code }).toEqual({ tenant, kid: kidOf(tenant), code: undefined });
    }
  }

  it('gives each user of each tenant a separate token, with one call for all processes', async () => {
    for (let round = 0, whole = 0; whole < 3; round += 1) {
      await untilConnected();
      const user = `user of round ${round}`;
      const [lostBefore, callsBefore] = [await fleet.countLosses('by user'), TENANTS.map(callsFor)];
      const answers = await fleet.ask('by user', TENANTS, [user]);
      const calls = TENANTS.map((tenant, index) => callsFor(tenant) - (callsBefore[index] ?? 0));
      // A process that does not reach Redis for 300 ms on a busy machine logs that, and goes on by itself, as designed.
      if ((await fleet.countLosses('by user')) > lostBefore) {
        expectOwn(answers.filter(({ code }) => code !== 'NUDGE_RATE_LIMITED'));
        for (const count of calls) expect(count).toBeLessThanOrEqual(PODS);
        continue;
      }
      expect(answers).toHaveLength(PODS * TENANTS.length);
      expectOwn(answers);
      for (const { extId } of answers) expect(extId).toBe(user);
      expect(calls).toEqual(TENANTS.map(() => 1));
      whole += 1;
    }
  });

  it('drops the tokens of a tenant, and of no other, within 2 s after one process has invalidated it', async () => {
    expectOwn(await fleet.ask('by tenant', TENANTS));
    const before = new Map(
      TENANTS.map((tenant) => [tenant, { kid: kidOf(tenant), calls: callsFor(tenant) }]),
    );
    // From now on the key of a token shows whether the token is new.
    for (const tenant of TENANTS) nudge.rotateSigningKey({ account: accountOf(tenant) });
    const since = performance.now();
    await fleet.invalidate('by tenant', 'acme');
    await until(
      'every process hands out a new token',
      async () => (await fleet.ask('by tenant', ['acme'])).every(({ kid }) => kid === kidOf('acme')),
      5_000,
    );
    expect(performance.now() - since).toBeLessThan(2_500);
    for (const { tenant, kid } of await fleet.ask('by tenant', TENANTS.slice(1))) {
      expect({ tenant, kid }).toEqual({ tenant, kid: before.get(tenant)?.kid });
    }
    for (const tenant of TENANTS) {
      const calls = callsFor(tenant) - (before.get(tenant)?.calls ?? 0);
      expect(calls).toBeLessThanOrEqual(tenant === 'acme' ? PODS : 0);
    }
  });

  it("keeps a tenant's tokens when the tenant's API key is rotated", async () => {
    const held = await fleet.ask('by tenant', ['globex']);
    const calls = callsFor('globex');
    nudge.setApiKeys(['obviously-fake-new-key'], accountOf('globex'));
    await fleet.setKey('globex', 'obviously-fake-new-key');
    expect(await fleet.ask('by tenant', ['globex'])).toEqual(held);
    // A process that starts with the new key finds in Redis the token that the old key fetched.
    const common = { baseUrl: nudge.url, redisUrl: redis.url, encryptionKeys: [fakeEncryptionKey()] };
    await fleet.start('after the rotation', { ...common, scope: 'client', keyPrefix: 'by-tenant:' });
    expect(await fleet.ask('after the rotation', ['globex'])).toEqual(held);
    expect(callsFor('globex') - calls).toBeLessThanOrEqual(1);
  });

  it('serves all other tenants while Nudge refuses the key of one', async () => {
    const others = TENANTS.filter((tenant) => tenant !== 'café');
    const held = await fleet.ask('by tenant', others);
    const calls = others.map(callsFor);
    nudge.setApiKeys(['obviously-fake-other-key'], accountOf('café'));
    await fleet.invalidate('by tenant', 'café');
    await until(
      'every process refuses it',
      async () =>
        (await fleet.ask('by tenant', ['café'])).every(({ code }) => code === 'NUDGE_CREDENTIALS_REJECTED'),
      10_000,
    );
    expect(await fleet.ask('by tenant', others)).toEqual(held);
    expect(others.map(callsFor)).toEqual(calls);
    expect(nudge.counters.byStatus['401']).toBeLessThanOrEqual(PODS * 2);
  });
});
