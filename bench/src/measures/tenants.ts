import { NudgeEmulator } from '#nudge-auth/emulator/index';
import { ServerProcess } from '../processes.js';
import { HOW_TO_GET_REDIS, hasRedis, RedisServer } from '../redis-server.js';
import type { Settings } from '../settings.js';

const MINUTE_MS = 60_000;
const PROCESSES = 4;
/** The default of `budget.callsPerMinute`. */
const CALLS_PER_MINUTE = 1_000;
const ENCRYPTION_KEY = Buffer.from('obviously-fake-key-of-the-benchmark').toString('base64');

interface ServedTenants {
  readonly processes: number;
  /** Calls that reached the vendor. */
  readonly calls: number;
  /** Calls in the busiest minute. */
  readonly mostCallsPerMinute: number;
  readonly minutes: number;
  /** How often a process lost the store. A token may then be fetched by several processes. */
  readonly storeLosses: number;
  /** Tokens that each process holds at the end. */
  readonly heldTokens: readonly number[];
  /** MiB by which the heap of the largest process has grown, and MiB that the largest process takes in all. */
  readonly heapMiB: number;
  readonly rssMiB: number;
}

export interface TenantsResults {
  readonly tenants: number;
  readonly usersEach: number;
  readonly callsPerMinute: number;
  /** One process; and if there is a Redis, several processes that share it. */
  readonly served: readonly ServedTenants[];
}

function mostPerMinute(timesMs: readonly number[]): number {
  let [most, first] = [0, 0];
  for (const [index, timeMs] of timesMs.entries()) {
    while ((timesMs[first] ?? timeMs) <= timeMs - MINUTE_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

async function serve(
  processes: number,
  tenants: number,
  usersEach: number,
  redisUrl?: string,
): Promise<ServedTenants> {
  const accounts = Object.fromEntries(
    Array.from({ length: tenants }, (_, index) => [
      `tenant-${index}`,
      { apiKeys: [`obviously-fake-key-of-tenant-${index}`] },
    ]),
  );
  const users = tenants * usersEach;
  // The vendor's own limit stays on, so that the vendor refuses a call beyond it.
  await using nudge = await NudgeEmulator.start({ accounts, requestLogSize: 4 * users });
  const settings = { baseUrl: nudge.url, redisUrl, encryptionKey: ENCRYPTION_KEY, tenants, usersEach };
  const pods = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      ServerProcess.start(
        'tenants',
        // Each process begins with other users, so that each fetches tokens and each finds tokens of others.
        { ...settings, firstUser: Math.floor((users / processes) * index) },
        'any',
        ['--expose-gc'],
      ),
    ),
  );
  const began = performance.now();
  const told = await Promise.all(
    pods.map((pod) =>
      pod.ask<{ heldTokens: number; storeLosses: number; heapMiB: number; rssMiB: number }>('serve'),
    ),
  );
  const minutes = (performance.now() - began) / MINUTE_MS;
  await Promise.all(pods.map((pod) => pod[Symbol.asyncDispose]()));
  return {
    processes,
    calls: nudge.counters.received,
    mostCallsPerMinute: mostPerMinute(nudge.requests.map(({ atMs }) => atMs)),
    minutes: Number(minutes.toFixed(1)),
    storeLosses: told.reduce((sum, { storeLosses }) => sum + storeLosses, 0),
    heldTokens: told.map(({ heldTokens }) => heldTokens),
    heapMiB: Math.round(Math.max(...told.map(({ heapMiB }) => heapMiB))),
    rssMiB: Math.round(Math.max(...told.map(({ rssMiB }) => rssMiB))),
  };
}

/** Measures calls, time and memory for many tenants with a few users each: on one process, and on several that share a Redis. */
export async function measureTenants({ isShort }: Settings): Promise<TenantsResults> {
  const [tenants, usersEach] = isShort ? [100, 3] : [1_000, 10];
  const alone = serve(1, tenants, usersEach);
  if (!hasRedis) console.log(`NOT MEASURED: the tenants of a fleet ${HOW_TO_GET_REDIS}`);
  await using redis = hasRedis ? await RedisServer.start() : undefined;
  // Both run at the same time, because both mostly wait for the budget.
  const fleet = redis && serve(PROCESSES, tenants, usersEach, redis.url);
  const served = await Promise.all(fleet === undefined ? [alone] : [alone, fleet]);
  return { tenants, usersEach, callsPerMinute: CALLS_PER_MINUTE, served };
}
