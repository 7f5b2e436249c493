import {
  bearerTokenAuthenticationPolicy,
  createHttpHeaders,
  createPipelineRequest,
  type SendRequest,
} from '@azure/core-rest-pipeline';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache } from 'cache-manager';
import { OAuth2Client } from 'google-auth-library';
import { NudgeEmulator } from '#nudge-auth/emulator/index';
import { serviceIn } from '../apps.js';
import type { Settings } from '../settings.js';
import { summarise, type Summary } from '../statistics.js';

const API_KEY = 'obviously-fake-private-key-for-benchmarks';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export interface GetTokenResults {
  readonly callsPerRound: number;
  /** Nanoseconds for one awaited call while a token is held. */
  readonly nanosecondsPerCall: Readonly<Record<string, Summary>>;
  /** The same if the wall clock has moved since the last call, as with rare calls. */
  readonly nanosecondsPerCallInANewMillisecond: Readonly<Record<string, Summary>>;
}

type GetToken = () => Promise<unknown>;

function google(): GetToken {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: 'obviously-fake', expiry_date: Date.now() + HOUR_MS });
  return () => client.getAccessToken();
}

function azure(): GetToken {
  const policy = bearerTokenAuthenticationPolicy({
    scopes: 'nudge',
    credential: {
      getToken: async () => ({ token: 'obviously-fake', expiresOnTimestamp: Date.now() + HOUR_MS }),
    },
  });
  const request = createPipelineRequest({ url: 'https://api.example/' });
  const next: SendRequest = async () => ({ request, headers: createHttpHeaders(), status: 200 });
  return () => policy.sendRequest(request, next);
}

function cacheManager(): GetToken {
  const cache = createCache({ ttl: HOUR_MS });
  return () => cache.wrap('token', async () => 'obviously-fake');
}

function bento(): GetToken {
  const cache = new BentoCache({
    default: 'memory',
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) },
  });
  return () => cache.getOrSet({ key: 'token', ttl: '1h', factory: async () => 'obviously-fake' });
}

async function nanosecondsFor(getToken: GetToken, calls: number): Promise<number> {
  const began = process.hrtime.bigint();
  for (let call = 0; call < calls; call += 1) await getToken();
  return Number(process.hrtime.bigint() - began) / calls;
}

/** Runs the work with a wall clock that moves by a millisecond at every reading, within one minute. */
async function withMovingClock<T>(work: () => Promise<T>): Promise<T> {
  const { now } = Date;
  const beganMs = now();
  let readings = 0;
  Date.now = () => beganMs + (readings++ % MINUTE_MS);
  try {
    return await work();
  } finally {
    Date.now = now;
  }
}

/** Measures one call while a token is held, and the same call of other libraries that hold tokens or values. */
export async function measureGetToken(settings: Settings): Promise<GetTokenResults> {
  const callsPerRound = settings.isShort ? 50_000 : 200_000;
  await using nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  const { service, app } = await serviceIn({ apiKey: API_KEY, baseUrl: nudge.url });
  const contestants: Readonly<Record<string, GetToken>> = {
    'nestjs-nudge-auth getToken': () => service.getToken(),
    'google-auth-library getAccessToken': google(),
    'Azure bearer policy': azure(),
    'cache-manager wrap': cacheManager(),
    'bentocache getOrSet': bento(),
  };
  const compare = async (): Promise<Record<string, Summary>> => {
    const rounds = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]));
    const all = Object.entries(contestants);
    for (let round = -1; round < settings.rounds * 2; round += 1) {
      // The order changes in each round, because a library pays for the garbage of the one before it.
      const first = (round + 1) % all.length;
      for (const [name, getToken] of [...all.slice(first), ...all.slice(0, first)]) {
        const nanoseconds = await nanosecondsFor(getToken, callsPerRound);
        if (round >= 0) rounds.get(name)?.push(nanoseconds);
      }
    }
    return Object.fromEntries([...rounds].map(([name, values]) => [name, summarise(values)]));
  };
  const nanosecondsPerCall = await compare();
  const nanosecondsPerCallInANewMillisecond = await withMovingClock(compare);
  await app.close();
  return { callsPerRound, nanosecondsPerCall, nanosecondsPerCallInANewMillisecond };
}
