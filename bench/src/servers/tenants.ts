import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { NudgeAuthError } from '#nudge-auth';
import { RedisTokenStore } from '#nudge-auth/redis/index';
import { serviceIn } from '../apps.js';

/** One process that serves all users of all tenants. On `serve` it asks until each user has a token. Needs --expose-gc. */
const { baseUrl, redisUrl, encryptionKey, tenants, usersEach, firstUser } = JSON.parse(
  process.argv[2] ?? '{}',
) as {
  baseUrl: string;
  redisUrl?: string;
  encryptionKey: string;
  tenants: number;
  usersEach: number;
  firstUser: number;
};

/** The requests under way at the same time, as on a busy page. */
const AT_ONCE = 200;
const MIB = 2 ** 20;

async function memory(): Promise<{ heapMiB: number; rssMiB: number }> {
  for (let turn = 0; turn < 4; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapMiB: (heapUsed + external) / MIB, rssMiB: rss / MIB };
}

const { service } = await serviceIn({
  tenants: {
    id: () => 'no request asks the endpoint',
    config: (tenant) => ({ apiKey: `obviously-fake-key-of-${tenant}` }),
    maxTenants: tenants,
  },
  scope: 'user',
  extId: () => 'no request asks the endpoint',
  cache: { maxEntries: tenants * usersEach },
  baseUrl,
  ...(redisUrl === undefined
    ? {}
    : { store: new RedisTokenStore({ url: redisUrl, encryptionKeys: [encryptionKey], timeoutMs: 300 }) }),
});

/** How often this process has lost the store. While it is lost, each process calls Nudge for itself. */
let storeLosses = 0;
service.subscribe(({ type }) => {
  if (type === 'store-lost') storeLosses += 1;
});

/** Asks as a page does: after a refusal it asks again when the answer says so. */
async function tokenFor(user: number): Promise<void> {
  const request = { tenant: `tenant-${user % tenants}`, extId: `user-${Math.floor(user / tenants)}` };
  for (;;) {
    try {
      await service.getToken(request);
      return;
    } catch (error) {
      if (!(error instanceof NudgeAuthError)) throw error;
      await delay((error.retryAfterMs ?? 1_000) * (1 + Math.random()));
    }
  }
}

async function serve(): Promise<void> {
  const before = await memory();
  const users = tenants * usersEach;
  let next = 0;
  const serveOneByOne = async (): Promise<void> => {
    for (let user = next++; user < users; user = next++) await tokenFor((firstUser + user) % users);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, serveOneByOne));
  const after = await memory();
  const { heldTokens } = service.status();
  process.send?.({ heldTokens, storeLosses, heapMiB: after.heapMiB - before.heapMiB, rssMiB: after.rssMiB });
}

process.on('message', () => void serve());
process.send?.('loaded');
