import { expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { CompiledPod } from '../redis/support/compiled.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { fakeEncryptionKey } from '../redis/support/fake-encryption-key.js';
import { RedisServer } from '../redis/support/redis-server.js';
import { TenantFleet } from '../redis/support/tenant-fleet.js';
import { keyOf } from '../redis/support/tenant-pod-protocol.js';

const PODS = 4;
const TENANTS = Array.from({ length: 1_000 }, (_, index) => `tenant-${index}`);
const USERS = Array.from({ length: 10 }, (_, index) => `user-${index}`);
const CALLS_PER_MINUTE = 1_200;
const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;
/** What a process may take for them: measured at less than half, with a heap that is never quite collected. */
const MOST_MIB = 60;

describeRedis('a thousand tenants of ten users on four processes', () => {
  it('are all served, each by one call, within the budget, in bounded memory', async () => {
    const accounts = Object.fromEntries(TENANTS.map((tenant) => [tenant, { apiKeys: [keyOf(tenant)] }]));
    const nudge = await NudgeEmulator.start({ accounts, rateLimitPerMinute: false, requestLogSize: 20_000 });
    const [compiled, redis] = await Promise.all([CompiledPod.create('tenant-pod'), RedisServer.start()]);
    const fleet = await TenantFleet.boot(PODS, compiled.entryPoint);
    try {
      await fleet.start('app', {
        baseUrl: nudge.url,
        redisUrl: redis.url,
        encryptionKeys: [fakeEncryptionKey()],
        keyPrefix: 'thousand:',
        scope: 'client',
        callsPerMinute: CALLS_PER_MINUTE,
      });
      const before = await fleet.heapBytes();
      const kids = new Map(Object.entries(nudge.state.accounts).map(([tenant, { kid }]) => [tenant, kid]));
      let waiting: string[] = TENANTS;
      // Callers whose deadline passes while the budget is spent ask again, as clients do.
      for (let round = 0; waiting.length > 0; round += 1) {
        expect(round).toBeLessThan(40);
        const answers = await fleet.ask('app', waiting, USERS);
        for (const { code } of answers)
          expect([undefined, 'NUDGE_RATE_LIMITED', 'NUDGE_TIMEOUT']).toContain(code);
        for (const { tenant, kid } of answers) {
          if (kid !== undefined) expect(kid).toBe(kids.get(tenant));
        }
        waiting = [...new Set(answers.filter(({ code }) => code !== undefined).map(({ tenant }) => tenant))];
      }
      expect(Object.values(nudge.counters.byAccount)).toHaveLength(TENANTS.length);
      const inAnyMinute = nudge.requests.map(
        ({ atMs: from }) =>
          nudge.requests.filter(({ atMs }) => atMs >= from && atMs < from + MINUTE_MS).length,
      );
      // A slice of the budget may end, and the next one begin, within the same minute.
      expect(Math.max(...inAnyMinute)).toBeLessThanOrEqual(CALLS_PER_MINUTE * 1.1);
      const after = await fleet.heapBytes();
      const grownMib = after.map((bytes, index) => (bytes - (before[index] ?? 0)) / MIB);
      console.info(
        `Heap for 1,000 tenants, each process: ${grownMib.map((mib) => mib.toFixed(1)).join(', ')} MiB`,
      );
      expect(Math.max(...grownMib)).toBeLessThan(MOST_MIB);
    } finally {
      await fleet[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
      await nudge.stop();
      compiled[Symbol.dispose]();
    }
  }, 180_000);
});
