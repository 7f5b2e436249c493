import 'reflect-metadata';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TenantConfig } from '#nudge-auth';
import { serviceIn } from '../apps.js';
import { medianOf } from '../statistics.js';

/** One process with two tenants. Told to, it measures what the quiet one waits for, alone and beside the noisy one. */
const { noise, baseUrl, quietKey, noisyKey } = JSON.parse(process.argv[2] ?? '{}') as {
  noise: string;
  baseUrl: string;
  quietKey: string;
  noisyKey: string;
};

const NEW_USERS = 5;
const HELD_CALLS = 1_000;
const CALLERS = 200;
const USERS_AT_ONCE = 10_000;

const NOISY_CONFIGS: Readonly<Record<string, () => TenantConfig | Promise<TenantConfig>>> = {
  'refused key': () => ({ apiKey: 'obviously-fake-key-that-nudge-refuses' }),
  'broken base URL': () => ({ apiKey: noisyKey, baseUrl: 'http://127.0.0.1:9/api' }),
  'slow config': () => new Promise<never>(() => undefined),
  'new users': () => ({ apiKey: noisyKey }),
};

const { service } = await serviceIn({
  tenants: {
    id: () => 'the endpoint is not used',
    config: (tenant) => (tenant === 'quiet' ? { apiKey: quietKey } : NOISY_CONFIGS[noise]?.()),
  },
  scope: 'user',
  extId: () => 'the endpoint is not used',
  cache: { maxEntries: 2 * USERS_AT_ONCE },
  baseUrl,
});

async function millisecondsFor(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The median waits of the quiet tenant's users, in milliseconds. */
async function waitsOfQuiet(round: string): Promise<{ newUserMs: number; heldMs: number }> {
  const ask = (user: string): Promise<number> =>
    millisecondsFor(() => service.getToken({ tenant: 'quiet', extId: `${round}-${user}` }));
  const [newUsers, held]: [number[], number[]] = [[], []];
  for (let user = 0; user < NEW_USERS; user += 1) newUsers.push(await ask(`${user}`));
  for (let call = 0; call < HELD_CALLS; call += 1) {
    held.push(await ask('0'));
    await nextTurn();
  }
  return { newUserMs: medianOf(newUsers), heldMs: medianOf(held) };
}

const noiseEnd = new AbortController();

async function askAsNoisy(user: number): Promise<void> {
  await service.getToken({ tenant: 'noisy', extId: `${user}` }).catch(() => undefined);
}

async function keepAsking(caller: number): Promise<void> {
  for (let turn = 0; !noiseEnd.signal.aborted; turn += 1) {
    await askAsNoisy(turn * CALLERS + caller);
    await nextTurn();
  }
}

async function measureWaits(): Promise<void> {
  const alone = await waitsOfQuiet('alone');
  if (noise === 'new users') for (let user = 0; user < USERS_AT_ONCE; user += 1) void askAsNoisy(user);
  else for (let caller = 0; caller < CALLERS; caller += 1) void keepAsking(caller);
  await nextTurn();
  const beside = await waitsOfQuiet('beside');
  noiseEnd.abort();
  process.send?.({ alone, beside });
}

process.on('message', () => void measureWaits());
process.send?.('loaded');
