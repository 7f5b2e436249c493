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
/** While Redis is lost each process may finish the call that it has begun, and make one more call for itself. */
const CALLS_DURING_A_LOSS = 2 * PODS;
const NO_CHANNELS = ['--user', 'default', 'on', 'nopass', '~*', 'resetchannels', '+@all'];

describeRedis('a fleet that shares a Redis', () => {
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
    ['with pub/sub, serves every caller', [], 30_000],
    ['without pub/sub, serves every caller', NO_CHANNELS, 4_000],
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
      // Another test checks how often a start calls. Here every process begins with the store.
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
      // After every fault: no caller was refused, and the fleet calls Nudge once at a time again.
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

    async function untilStoreIsLost(): Promise<void> {
      await until('every process has lost the store', async () =>
        (await fleet.statuses()).every(({ storeAvailable }) => !storeAvailable),
      );
    }

    /** Lets the store be lost for a while, and checks the calls to Nudge: each held token is good for half an hour. */
    async function lossOf(durationMs: number): Promise<void> {
      const before = nudge.counters.received;
      await untilStoreIsLost();
      await new Promise((resolve) => setTimeout(resolve, durationMs));
      expect(nudge.counters.received - before).toBeLessThanOrEqual(CALLS_DURING_A_LOSS);
      expect(sum(await fleet.tallies()).failures).toEqual({});
    }

    it('when Redis is killed and starts again, empty', async () => {
      await redis.kill();
      await lossOf(500);
      await redis.launch();
      if (redisArgs.length === 0) expect(fleet.pods.every(({ lines }) => reportsLossOnce(lines))).toBe(true);
    }, 30_000);

    it('when Redis is suspended', async () => {
      redis.suspend();
      await lossOf(pauseMs);
      redis.resume();
    }, 60_000);

    it('when Redis is flushed', async () => {
      const before = nudge.counters.received;
      await admin.flushall();
      await admin.script('FLUSH');
      await renewals(1);
      expect(nudge.counters.received - before).toBeLessThanOrEqual(2);
    }, 30_000);

    it('when Redis becomes a read-only replica', async () => {
      await admin.replicaof('127.0.0.1', 1);
      await lossOf(500);
      await admin.replicaof('NO', 'ONE');
    }, 30_000);

    it('when Redis is full', async () => {
      await admin.config('SET', 'maxmemory', '1');
      await lossOf(500);
      await admin.config('SET', 'maxmemory', '0');
    }, 30_000);

    it('when all bytes are lost on the way', async () => {
      proxy.passage = 'swallowing';
      await lossOf(500);
      proxy.passage = 'open';
    }, 30_000);

    it('when all bytes arrive too late', async () => {
      proxy.passage = { delayMs: 400 };
      await lossOf(500);
      proxy.passage = 'open';
    }, 30_000);

    it('when Redis cannot be reached', async () => {
      proxy.passage = 'cut';
      await lossOf(500);
      proxy.passage = 'open';
    }, 30_000);

    function reportsLossOnce(lines: readonly string[]): boolean {
      return lines.filter((line) => line.includes('The token store does not answer')).length === 1;
    }
  });

  it('serves held tokens to the end of their life while Redis and Nudge are both down', async () => {
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
      await until('a caller gets no token', async () => {
        const { failures } = sum(await fleet.tallies());
        const ageMs = Date.now() - issuedAtMs;
        const isFailing = Object.keys(failures).length > 0;
        // The last tenth of the life is never handed out. One second goes for the resolution of Date, one for caution.
        if (isFailing) expect(ageMs).toBeGreaterThanOrEqual(12_000 - 1_200 - 2_000 - 500);
        return isFailing;
      });
    } finally {
      await fleet[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    }
  }, 40_000);

  it('goes on when one process cannot reach Nudge and another has a wrong key', async () => {
    const redis = await RedisServer.start();
    const fleet = await Fleet.boot(8, compiled.entryPoint);
    try {
      nudge.reset();
      const config = { baseUrl: nudge.url, apiKey: API_KEY, redis: { url: redis.url }, rotateAfterMs: 1_000 };
      const [broken, wrong, ...healthy] = fleet.pods;
      await Promise.all([
        broken?.go({ ...config, cannotReachNudge: true }),
        wrong?.go({ ...config, apiKey: 'obviously-fake-wrong-key' }),
        ...healthy.map((pod) => pod.go(config)),
      ]);
      await fleet.load(20, 2);
      await broken?.ask(1, true);
      await renewalsOf(6);
      const total = sum(await Promise.all(healthy.map((pod) => pod.tally())));
      expect(total.failures).toEqual({});
      expect(total.tokens.length).toBeGreaterThanOrEqual(5);
      // The process that cannot reach Nudge serves the tokens that the others fetch.
      expect((await broken?.tally())?.served).toBeGreaterThan(0);
      expect((await wrong?.tally())?.served).toBe(0);
      expect(broken?.lines.join('\n')).toContain('NUDGE_UNAVAILABLE');
      expect(wrong?.lines.join('\n')).toContain('Nudge refuses the primary API key');
      for (const { lines } of healthy) expect(lines.join('\n')).not.toMatch(/NUDGE_|refuses/);
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
