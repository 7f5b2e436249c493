import { expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { CompiledPod } from '../redis/support/compiled.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { Fleet, sum } from '../redis/support/fleet.js';
import { RedisCluster } from '../redis/support/redis-cluster.js';
import { until } from '../redis/support/until.js';

const API_KEY = 'obviously-fake-private-key-of-the-fleet';
const PODS = 4;

describeRedis('a cluster of three Redis servers and their replicas', () => {
  it('serves a fleet like one server, also after the server that holds the token has died', async () => {
    const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY], rateLimitPerMinute: false });
    const compiled = await CompiledPod.create();
    const [cluster, fleet] = await Promise.all([RedisCluster.start(), Fleet.boot(PODS, compiled.entryPoint)]);
    const renewals = async (count: number): Promise<void> => {
      const { tokensIssued } = nudge.counters;
      await until(`${count} renewals`, () => nudge.counters.tokensIssued >= tokensIssued + count, 30_000);
    };
    try {
      const asked = await fleet.go({
        baseUrl: nudge.url,
        apiKey: API_KEY,
        redis: { nodes: cluster.nodes },
        rotateAfterMs: 1_500,
        callersAtOnce: 1_000,
      });
      expect(sum(asked)).toMatchObject({ served: PODS * 1_000, failures: {} });
      // A pod that has not found the cluster within two seconds calls Nudge by itself, as designed.
      expect(nudge.counters.received).toBeLessThanOrEqual(PODS);
      await fleet.untilConnected();
      nudge.reset();
      nudge.setFault({ kind: 'latency', latencyMs: 30 });
      await fleet.load(20, 5);
      await renewals(3);
      expect(nudge.counters.maxConcurrent).toBe(1);

      const { received } = nudge.counters;
      await cluster.killOwnerOf('*:token');
      await until('a replica has taken over', async () => (await cluster.livingMasters()) === 3);
      await fleet.untilConnected();
      expect(nudge.counters.received - received).toBeLessThanOrEqual(3 * PODS);
      expect(sum(await fleet.tallies()).failures).toEqual({});

      await renewals(1);
      nudge.reset();
      nudge.setFault({ kind: 'latency', latencyMs: 30 });
      await renewals(3);
      expect(nudge.requests.filter(({ overlapped }) => overlapped)).toEqual([]);
      expect(nudge.counters.received).toBeLessThanOrEqual(nudge.counters.distinctTokens + 1);
      expect(sum(await fleet.tallies()).failures).toEqual({});
    } finally {
      await fleet[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await nudge.stop();
      compiled[Symbol.dispose]();
    }
  }, 120_000);
});
