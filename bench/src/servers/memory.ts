import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { ManualClock } from '#compiled/testing/index';
import { createTokenCache } from '#compiled/cache/create-token-cache';
import type { TokenCache } from '#compiled/cache/token-cache';
import { Secret } from '#compiled/common/secret';
import { ApiKeys } from '#compiled/vendor/api-keys';
import { NudgeAuthEvents } from '#compiled/telemetry/events';

/** Measures memory in a process that does nothing else. Needs --expose-gc. */
const { token, requests, users } = JSON.parse(process.argv[2] ?? '{}') as {
  token: string;
  requests: number;
  users: number;
};

const ENTRIES = 10_000;
const HOUR_MS = 3_600_000;
/** At this pace an entry is fetched, rotated, and evicted by others. */
const MS_PER_REQUEST = 60;

const collectGarbage = globalThis.gc;
if (collectGarbage === undefined) throw new Error('Start this with --expose-gc');

const clock = new ManualClock();
const [head = '', claims = '', signature = ''] = token.split('.');

/** A token as long as the vendor's, as a new string for each user. */
function freshToken(): string {
  const ownSignature = randomBytes(signature.length).toString('base64url').slice(0, signature.length);
  return Buffer.from(`${head}.${claims}.${ownSignature}`).toString('latin1');
}

const source = {
  fetchToken: async () => {
    const arrivedAt = clock.now();
    return {
      token: freshToken(),
      claims: {
        algorithm: 'EdDSA',
        keyId: 'obviously-fake',
        issuedAtMs: arrivedAt.wallMs,
        expiresAtMs: arrivedAt.wallMs + HOUR_MS,
      },
      arrivedAt,
      lifeMs: HOUR_MS,
      ageOnArrivalMs: 0,
      skewMs: 0,
      keyFingerprint: '0a1b2c3d',
    };
  },
};

function newCache(): TokenCache {
  const events = new NudgeAuthEvents();
  return createTokenCache({
    source,
    apiKeys: new ApiKeys({ primary: new Secret('obviously-fake-key'), fallback: undefined }, events, clock),
    store: undefined,
    options: {
      scope: 'user',
      holdsTokens: true,
      maxWaitMs: 500,
      maxEntries: ENTRIES,
      deadlineMs: 7000,
      timeoutMs: 3000,
      maxRetries: 2,
      storeScope: [],
    },
    origin: 'https://nudge.example',
    callsPerMinute: 1000,
    budget: { take: async () => 0 },
    events,
    clock,
    random: Math.random,
  });
}

function requestOf(user: number): { expiryMins: number; extId: string } {
  return { expiryMins: 60, extId: `user-${String(user).padStart(8, '0')}` };
}

async function ask(cache: TokenCache, user: number): Promise<void> {
  clock.advance(MS_PER_REQUEST);
  await cache.getToken(requestOf(user));
}

async function heldBytes(): Promise<number> {
  for (let turn = 0; turn < 4; turn += 1) {
    collectGarbage?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// The warm-up takes the memory for compiled code and grown buffers, which must not count as entries.
const warmedUp = newCache();
for (let user = 0; user < 2000; user += 1) await ask(warmedUp, user);
await warmedUp.close();

const cache = newCache();
const before = await heldBytes();
for (let user = 0; user < ENTRIES; user += 1) await ask(cache, user);
const full = await heldBytes();
const entries = cache.size;

const heapMiB: number[] = [];
for (let request = 0; request < requests; request += 1) {
  await ask(cache, Math.floor(Math.random() * users));
  if ((request + 1) % (requests / 10) === 0) heapMiB.push((await heldBytes()) / 2 ** 20);
}
const heldTokens = cache.size;
await cache.close();
process.send?.(JSON.stringify({ bytesPerEntry: (full - before) / entries, entries, heapMiB, heldTokens }));
