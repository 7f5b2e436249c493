import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { CompiledPod } from '../redis/support/compiled.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { Fleet, sum } from '../redis/support/fleet.js';
import { RedisServer } from '../redis/support/redis-server.js';
import { TcpProxy } from '../redis/support/tcp-proxy.js';
import { until } from '../redis/support/until.js';

const API_KEY = 'obviously-fake-private-key-of-the-fleet';
const PODS = 4;
/** While Redis is gone each process may finish what it had begun, and call once more on its own account. */
const CALLS_DURING_A_LOSS = 2 * PODS;
const NO_CHANNELS = ['--user', 'default', 'on', 'nopass', '~*', 'resetchannels', '+@all'];

describeRedis('what happens to Redis', () => {
  let nudge: NudgeEmulator;
  let compiled: CompiledPod;

  beforeAll(async () => {
    [nudge, compiled] = await Promise.all([
      NudgeEmulator.start({ apiKeys: [API_KEY], rateLimitPerMinute: false, requestLogSize: 10_000 }),
      CompiledPod.create(),
    ]);
  }, 60_000);

  afterAll(async () => {
    await nudge.stop();
    compiled[Symbol.dispose]();
  });

  describe.each([
    ['with pub/sub', [], 30_000],
    ['without pub/sub', NO_CHANNELS, 4_000],
  ] as const)('%s', (_title, redisArgs, pauseMs) => {
    let redis: RedisServer;
    let proxy: TcpProxy;
    let fleet: Fleet;
    let admin: Redis;

    beforeAll(async () => {
      redis = await RedisServer.start(...redisArgs);
      admin = redis.client();
      proxy = await TcpProxy.start(redis.port);
      fleet = await Fleet.boot(PODS, compiled.entryPoint);
      nudge.reset();
      await fleet.go({
        baseUrl: nudge.url,
        apiKey: API_KEY,
        redis: { url: proxy.url },
        rotateAfterMs: 1_000,
        callersAtOnce: 10,
      });
      // How often a start calls is proved elsewhere; here all begin with the store.
      await fleet.untilConnected();
      await fleet.load(20, 5);
      nudge.setFault({ kind: 'latency', latencyMs: 30 });
    }, 60_000);

    afterAll(async () => {
      await fleet[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    });

    afterEach(async () => {
      // Whatever it was: nobody was turned away, and the fleet is back to one caller.
      await fleet.untilConnected();
      await renewals(1);
      nudge.reset();
      nudge.setFault({ kind: 'latency', latencyMs: 30 });
      await renewals(2);
      expect(nudge.requests.filter(({ overlapped }) => overlapped)).toEqual([]);
      const total = sum(await fleet.tallies());
      expect(total.failures).toEqual({});
      expect(total.served).toBeGreaterThan(0);
    }, 60_000);

    async function renewals(count: number): Promise<void> {
      const { tokensIssued } = nudge.counters;
      await until(`${count} renewals`, () => nudge.counters.tokensIssued >= tokensIssued + count, 20_000);
    }

    async function untilAllAreAlone(): Promise<void> {
      await until('every process notices', async () =>
        (await fleet.statuses()).every(({ storeAvailable }) => !storeAvailable),
      );
    }

    /** Lets a loss last, and counts the calls to Nudge in it: nobody needs a new token for half an hour. */
    async function lossOf(durationMs: number): Promise<void> {
      const before = nudge.counters.received;
      await untilAllAreAlone();
      await new Promise((resolve) => setTimeout(resolve, durationMs));
      expect(nudge.counters.received - before).toBeLessThanOrEqual(CALLS_DURING_A_LOSS);
      expect(sum(await fleet.tallies()).failures).toEqual({});
    }

    it('it is killed and restarted, empty', async () => {
      await redis.kill();
      await lossOf(500);
      await redis.launch();
      if (redisArgs.length === 0) expect(fleet.pods.every(({ lines }) => saysSoOnce(lines))).toBe(true);
    }, 30_000);

    it('it is paused', async () => {
      redis.suspend();
      await lossOf(pauseMs);
      redis.resume();
    }, 60_000);

    it('it is flushed', async () => {
      const before = nudge.counters.received;
      await admin.flushall();
      await admin.script('FLUSH');
      await renewals(1);
      expect(nudge.counters.received - before).toBeLessThanOrEqual(2);
    }, 30_000);

    it('it is a replica that cannot be written to', async () => {
      await admin.replicaof('127.0.0.1', 1);
      await lossOf(500);
      await admin.replicaof('NO', 'ONE');
    }, 30_000);

    it('it is full', async () => {
      await admin.config('SET', 'maxmemory', '1');
      await lossOf(500);
      await admin.config('SET', 'maxmemory', '0');
    }, 30_000);

    it('its bytes are swallowed on the way', async () => {
      proxy.passage = 'swallowing';
      await lossOf(500);
      proxy.passage = 'open';
    }, 30_000);

    it('its bytes come too late', async () => {
      proxy.passage = { delayMs: 400 };
      await lossOf(500);
      proxy.passage = 'open';
    }, 30_000);

    it('it cannot be reached', async () => {
      proxy.passage = 'cut';
      await lossOf(500);
      proxy.passage = 'open';
    }, 30_000);

    function saysSoOnce(lines: readonly string[]): boolean {
      return lines.filter((line) => line.includes('The token store does not answer')).length === 1;
    }
  });

  it('and to Nudge at once: held tokens are served to the end of their life', async () => {
    const redis = await RedisServer.start();
    const fleet = await Fleet.boot(2, compiled.entryPoint);
    try {
      nudge.reset();
      nudge.setFault({ kind: 'token-life', lifeS: 12 });
      const config = {
        baseUrl: nudge.url,
        apiKey: API_KEY,
        redis: { url: redis.url },
        rotateAfterMs: 60_000,
      };
      await fleet.go({ ...config, callersAtOnce: 1 });
      const issuedAtMs = nudge.requests[0]?.atMs ?? 0;
      nudge.setFault({ kind: 'status', status: 503 });
      await redis.kill();
      await fleet.load(20, 2);
      await until('a caller gets none', async () => {
        const { failures } = sum(await fleet.tallies());
        const ageMs = Date.now() - issuedAtMs;
        const isFailing = Object.keys(failures).length > 0;
        // A tenth of the life is never handed out; a second goes for the resolution of Date, one for caution.
        if (isFailing) expect(ageMs).toBeGreaterThanOrEqual(12_000 - 1_200 - 2_000 - 500);
        return isFailing;
      });
    } finally {
      await fleet[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    }
  }, 40_000);

  it('has no part in what happens to one process: no way to Nudge, a wrong key', async () => {
    const redis = await RedisServer.start();
    const fleet = await Fleet.boot(8, compiled.entryPoint);
    try {
      nudge.reset();
      const config = { baseUrl: nudge.url, apiKey: API_KEY, redis: { url: redis.url }, rotateAfterMs: 1_000 };
      const [broken, wrong, ...well] = fleet.pods;
      await Promise.all([
        broken?.go({ ...config, cannotReachNudge: true }),
        wrong?.go({ ...config, apiKey: 'obviously-fake-wrong-key' }),
        ...well.map((pod) => pod.go(config)),
      ]);
      await fleet.load(20, 2);
      await broken?.ask(1, true);
      await renewalsOf(6);
      const total = sum(await Promise.all(well.map((pod) => pod.tally())));
      expect(total.failures).toEqual({});
      expect(total.tokens.length).toBeGreaterThanOrEqual(5);
      // It may not call, and serves what the others fetch.
      expect((await broken?.tally())?.served).toBeGreaterThan(0);
      expect((await wrong?.tally())?.served).toBe(0);
      expect(broken?.lines.join('\n')).toContain('NUDGE_UNAVAILABLE');
      expect(wrong?.lines.join('\n')).toContain('Nudge refuses the primary API key');
      for (const { lines } of well) expect(lines.join('\n')).not.toMatch(/NUDGE_|refuses/);
    } finally {
      await fleet[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    }

    async function renewalsOf(count: number): Promise<void> {
      const { tokensIssued } = nudge.counters;
      await until(`${count} renewals`, () => nudge.counters.tokensIssued >= tokensIssued + count, 40_000);
    }
  }, 60_000);
});
