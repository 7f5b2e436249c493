import {
  bearerTokenAuthenticationPolicy,
  createHttpHeaders,
  createPipelineRequest,
} from '@azure/core-rest-pipeline';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache } from 'cache-manager';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { NudgeEmulator } from '#nudge-auth/emulator/index';
import { serviceIn } from '../apps.js';
import { ServerProcess } from '../processes.js';
import { HOW_TO_GET_REDIS, hasRedis, RedisServer } from '../redis-server.js';

const API_KEY = 'obviously-fake-private-key-for-benchmarks';
const CALLERS = 10_000;
const VENDOR_LATENCY_MS = 20;
const HOUR_MS = 3_600_000;
const PROCESSES = 8;
const CALLERS_PER_PROCESS = 1_000;

export interface StampedeResults {
  readonly callers: number;
  /** Calls that reached the vendor. */
  readonly calls: Readonly<Record<string, number>>;
  /** The same with several processes that share a Redis; `undefined` if there is no redis-server. */
  readonly fleet:
    { readonly processes: number; readonly callersEach: number; readonly calls: number } | undefined;
}

async function all(getToken: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: CALLERS }, getToken));
}

async function nudgeCalls(): Promise<number> {
  await using nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  const { service, app } = await serviceIn({ apiKey: API_KEY, baseUrl: nudge.url });
  await all(() => service.getToken());
  await app.close();
  return nudge.counters.received;
}

/** The processes start at the same moment, before any of them is connected to the shared Redis. */
async function fleetCalls(): Promise<number | undefined> {
  if (!hasRedis) {
    console.log(`NOT MEASURED: the stampede of a fleet ${HOW_TO_GET_REDIS}`);
    return undefined;
  }
  await using nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  await using redis = await RedisServer.start();
  const settings = {
    apiKey: API_KEY,
    baseUrl: nudge.url,
    redisUrl: redis.url,
    callers: CALLERS_PER_PROCESS,
  };
  const pods = await Promise.all(
    Array.from({ length: PROCESSES }, () => ServerProcess.start('pod', settings)),
  );
  const served = Promise.all(pods.map(({ child }) => once(child, 'message')));
  for (const { child } of pods) child.send('ask');
  await served;
  await Promise.all(pods.map((pod) => pod[Symbol.asyncDispose]()));
  return nudge.counters.received;
}

/** A slow vendor that counts its calls. */
function vendor(): { calls: number; fetchToken: () => Promise<string> } {
  const counter = {
    calls: 0,
    fetchToken: async () => {
      counter.calls += 1;
      await delay(VENDOR_LATENCY_MS);
      return 'obviously-fake';
    },
  };
  return counter;
}

async function azureCalls(): Promise<number> {
  const counter = vendor();
  const policy = bearerTokenAuthenticationPolicy({
    scopes: 'nudge',
    credential: {
      getToken: async () => ({ token: await counter.fetchToken(), expiresOnTimestamp: Date.now() + HOUR_MS }),
    },
  });
  const request = createPipelineRequest({ url: 'https://api.example/' });
  await all(() =>
    policy.sendRequest(request, async () => ({ request, headers: createHttpHeaders(), status: 200 })),
  );
  return counter.calls;
}

async function cacheManagerCalls(): Promise<number> {
  const counter = vendor();
  const cache = createCache({ ttl: HOUR_MS });
  await all(() => cache.wrap('token', counter.fetchToken));
  return counter.calls;
}

async function bentoCalls(): Promise<number> {
  const counter = vendor();
  const cache = new BentoCache({
    default: 'memory',
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) },
  });
  await all(() => cache.getOrSet({ key: 'token', ttl: '1h', factory: counter.fetchToken }));
  return counter.calls;
}

/** Counts the calls to the vendor when ten thousand callers come at once and no token is held. */
export async function measureStampede(): Promise<StampedeResults> {
  const calls = await fleetCalls();
  return {
    callers: CALLERS,
    calls: {
      'nestjs-nudge-auth getToken': await nudgeCalls(),
      'Azure bearer policy': await azureCalls(),
      'cache-manager wrap': await cacheManagerCalls(),
      'bentocache getOrSet': await bentoCalls(),
    },
    fleet:
      calls === undefined ? undefined : { processes: PROCESSES, callersEach: CALLERS_PER_PROCESS, calls },
  };
}
