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
  /** In the busiest minute. */
  readonly mostCallsPerMinute: number;
  readonly minutes: number;
  /** How often a process lost the store. A token may then be fetched by several processes. */
  readonly storeLosses: number;
  /** Tokens that each process holds at the end. */
  readonly heldTokens: readonly number[];
  /** What the heap of the largest process has grown by, and what the largest takes in all. */
  readonly heapMiB: number;
  readonly rssMiB: number;
}

export interface TenantsResults {
  readonly tenants: number;
  readonly usersEach: number;
  readonly callsPerMinute: number;
  /** One process, and, where there is a Redis, several that share it. */
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
  // The vendor's own limit stays on: a call too many would be refused.
  await using nudge = await NudgeEmulator.start({ accounts, requestLogSize: 4 * users });
  const settings = { baseUrl: nudge.url, redisUrl, encryptionKey: ENCRYPTION_KEY, tenants, usersEach };
  const pods = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      ServerProcess.start(
        'tenants',
        // Each begins with other users, so that all of them fetch, and all of them find what others have fetched.
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

/** What a thousand tenants with ten users each cost, for one process and for several that share a Redis. */
export async function measureTenants({ isShort }: Settings): Promise<TenantsResults> {
  const [tenants, usersEach] = isShort ? [100, 3] : [1_000, 10];
  const alone = serve(1, tenants, usersEach);
  if (!hasRedis) console.log(`NOT MEASURED: the tenants of a fleet ${HOW_TO_GET_REDIS}`);
  await using redis = hasRedis ? await RedisServer.start() : undefined;
  // At once: the budget has them wait most of the time.
  const fleet = redis && serve(PROCESSES, tenants, usersEach, redis.url);
  const served = await Promise.all(fleet === undefined ? [alone] : [alone, fleet]);
  return { tenants, usersEach, callsPerMinute: CALLS_PER_MINUTE, served };
}
