import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { DEFAULT_COMMAND_TIMEOUT_MS } from '../../src/redis/redis-token-store.options.js';
import { CompiledPod } from '../redis/support/compiled.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { Fleet, sum } from '../redis/support/fleet.js';
import type { PodConfig } from '../redis/support/pod-protocol.js';
import { RedisServer } from '../redis/support/redis-server.js';
import { TcpProxy } from '../redis/support/tcp-proxy.js';
import { until } from '../redis/support/until.js';

const API_KEY = 'obviously-fake-private-key-of-the-fleet';
const PODS = 4;
const ROTATIONS = 6;

describeRedis('a fleet under load', () => {
  let nudge: NudgeEmulator;
  let compiled: CompiledPod;
  let redis: RedisServer;
  let proxy: TcpProxy;
  let fleet: Fleet;

  beforeAll(async () => {
    [nudge, compiled, redis] = await Promise.all([
      NudgeEmulator.start({ apiKeys: [API_KEY], rateLimitPerMinute: false, requestLogSize: 10_000 }),
      CompiledPod.create(),
      RedisServer.start(),
    ]);
    proxy = await TcpProxy.start(redis.port);
  }, 60_000);

  afterEach(async () => {
    await fleet[Symbol.asyncDispose]();
  });

  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await nudge.stop();
    compiled[Symbol.dispose]();
  });

  async function start(config: Pick<PodConfig, 'redis' | 'timeoutMs'>): Promise<void> {
    fleet = await Fleet.boot(PODS, compiled.entryPoint);
    await fleet.go({ ...config, baseUrl: nudge.url, apiKey: API_KEY, rotateAfterMs: 1_500 });
    await fleet.load(20, 5);
    await fleet.untilConnected();
  }

  /** Waits for some rotations after a first one. Another test checks how often a start calls. */
  async function rotations(): Promise<void> {
    const { tokensIssued } = nudge.counters;
    await until('a rotation', () => nudge.counters.tokensIssued > tokensIssued, 20_000);
    await fleet.tallies();
    nudge.reset();
    nudge.setFault({ kind: 'latency', latencyMs: 50 });
    await until('the fleet has rotated', () => nudge.counters.tokensIssued >= ROTATIONS, 60_000);
  }

  it('makes one call at a time, and all processes get its token, when the messages of Redis are lost', async () => {
    proxy.passage = 'losing-messages';
    await start({ redis: { url: proxy.url } });
    await rotations();
    expect(proxy.lostMessages).toBeGreaterThanOrEqual(ROTATIONS);
    expect(nudge.requests.filter(({ overlapped }) => overlapped)).toEqual([]);
    expect(nudge.counters.received).toBeLessThanOrEqual(nudge.counters.distinctTokens + 1);
    const tallies = await fleet.tallies();
    expect(sum(tallies).failures).toEqual({});
    for (const { tokens } of tallies) expect(tokens.length).toBeGreaterThanOrEqual(ROTATIONS / 2);
  }, 90_000);

  it('serves every caller with the default timeouts', async () => {
    await start({ redis: { url: redis.url }, timeoutMs: DEFAULT_COMMAND_TIMEOUT_MS });
    await rotations();
    const total = sum(await fleet.tallies());
    expect(total.failures).toEqual({});
    expect(total.served).toBeGreaterThan(0);
  }, 90_000);
});
