import { expect } from '@jest/globals';
import { createTokenCache } from '../../src/cache/create-token-cache.js';
import { MemoryTokenStore } from '../../src/testing/memory-token-store.js';
import type { TokenCache } from '../../src/cache/token-cache.js';
import type { SharedCallLimits, TokenStore } from '../../src/store/token-store.js';
import { Secret } from '../../src/common/secret.js';
import { HOUR_MS, SECOND_MS } from '../../src/common/durations.js';
import { NudgeAuthError } from '../../src/common/errors.js';
import { ApiKeys } from '../../src/vendor/api-keys.js';
import {
  TransientFailure,
  type FetchedToken,
  type TokenRequest,
  type TokenSource,
} from '../../src/vendor/token-source.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../../src/telemetry/events.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { readClaims } from '../../src/token/claims.js';

/** The vendor's. */
export const ORIGIN = 'https://nudge.example';
export const A_TOKEN = expect.stringContaining('.');
export const REQUEST = { expiryMins: 60 };
/** The name of that request's entry in a store. */
export const ENTRY = JSON.stringify(['test', 'client', 60, undefined]);

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** Nudge, as all processes of the fleet see it. */
export class Vendor implements TokenSource {
  calls = 0;
  failure: NudgeAuthError | undefined;
  answersAfterMs = 0;
  lifeMs = HOUR_MS;

  constructor(private readonly clock: ManualClock) {}

  async fetchToken(): Promise<FetchedToken> {
    this.calls += 1;
    const { calls } = this;
    if (this.answersAfterMs > 0) {
      await new Promise<void>((resolve) => this.clock.schedule(this.answersAfterMs, resolve));
    }
    if (this.failure !== undefined) throw this.failure;
    const arrivedAt = this.clock.now();
    const iat = Math.floor(arrivedAt.wallMs / SECOND_MS);
    const { lifeMs } = this;
    const token = jwt({ iat, exp: iat + lifeMs / SECOND_MS, calls });
    return {
      token,
      claims: readClaims(token),
      arrivedAt,
      lifeMs,
      ageOnArrivalMs: 0,
      skewMs: 0,
      keyFingerprint: '0a1b2c3d',
    };
  }
}

/** The connection of one process to Nudge, on which every call is lost. */
export class BlackHole implements TokenSource {
  attempts = 0;

  constructor(private readonly clock: ManualClock) {}

  async fetchToken(_request: TokenRequest, _apiKey: Secret, timeoutMs: number): Promise<FetchedToken> {
    this.attempts += 1;
    await new Promise<void>((resolve) => this.clock.schedule(timeoutMs, resolve));
    throw new TransientFailure('NUDGE_TIMEOUT', 'Nudge did not answer', { isAnswered: false });
  }
}

/** Nudge while it is down: it answers every call with 503. */
export class DownVendor implements TokenSource {
  readonly calledAtMs: number[] = [];

  constructor(
    private readonly clock: ManualClock,
    private readonly retryAfterMs: number,
  ) {}

  async fetchToken(): Promise<FetchedToken> {
    this.calledAtMs.push(this.clock.now().monotonicMs);
    const { retryAfterMs } = this;
    throw new TransientFailure('NUDGE_UNAVAILABLE', 'Nudge answered 503', { retryAfterMs, isAnswered: true });
  }
}

/** The server that holds the store. */
export class Server {
  store: MemoryTokenStore;

  constructor(readonly clock: ManualClock) {
    this.store = new MemoryTokenStore(clock);
  }

  /**
   * Loses all records, as a server without a disk does. Fences still rise, because they come from the server's clock.
   */
  forgetEverything(): void {
    this.store = new MemoryTokenStore(this.clock);
    for (let fence = 0; fence < 1_000; fence += 1) void this.store.invalidate('elsewhere');
  }
}

/** The connection of one or several processes to the store. */
export class Network implements TokenStore {
  isUp = true;
  /** Milliseconds that each request to the store takes. */
  latencyMs = 0;
  readonly callLimits: SharedCallLimits;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.callLimits = {
      take: (...args) => this.#ask((store) => store.callLimitsOf(ORIGIN).take(...args)),
      beginPause: (...args) => this.#ask((store) => store.callLimitsOf(ORIGIN).beginPause(...args)),
      endPause: () => this.#ask((store) => store.callLimitsOf(ORIGIN).endPause()),
      giveBackProbe: () => this.#ask((store) => store.callLimitsOf(ORIGIN).giveBackProbe()),
      look: () => this.#ask((store) => store.callLimitsOf(ORIGIN).look()),
    };
  }

  callLimitsOf(): SharedCallLimits {
    return this.callLimits;
  }

  read: TokenStore['read'] = (...args) => this.#ask((store) => store.read(...args));
  acquire: TokenStore['acquire'] = (...args) => this.#ask((store) => store.acquire(...args));
  invalidate: TokenStore['invalidate'] = (...args) => this.#ask((store) => store.invalidate(...args));
  untilChanged: TokenStore['untilChanged'] = (...args) => this.#ask((store) => store.untilChanged(...args));
  close: TokenStore['close'] = () => this.#server.store.close();

  async #ask<T>(work: (store: MemoryTokenStore) => Promise<T>): Promise<T> {
    const { latencyMs } = this;
    if (latencyMs > 0) await new Promise<void>((resolve) => this.#server.clock.schedule(latencyMs, resolve));
    return this.isUp ? work(this.#server.store) : Promise.reject(new Error('simulated network fault'));
  }
}

export function fleetOf(
  size: number,
  {
    random = (): number => 0.5,
    callsPerMinute = 1_000,
    deadlineMs = 7_000,
    source = undefined as TokenSource | undefined,
  } = {},
) {
  const clock = new ManualClock();
  const vendor = new Vendor(clock);
  const server = new Server(clock);
  const network = new Network(server);
  const said: NudgeAuthEvent[] = [];
  const pod = (theirSource: TokenSource = source ?? vendor, theirNetwork = network): TokenCache => {
    const events = new NudgeAuthEvents();
    events.subscribe((event) => said.push(event));
    return createTokenCache({
      source: theirSource,
      apiKeys: new ApiKeys({ primary: new Secret('obviously-fake-key'), fallback: undefined }, events, clock),
      store: theirNetwork,
      options: {
        scope: 'client',
        holdsTokens: true,
        maxWaitMs: 500,
        maxEntries: 10,
        deadlineMs,
        timeoutMs: 3 * SECOND_MS,
        maxRetries: 2,
        storeScope: ['test'],
      },
      origin: ORIGIN,
      callsPerMinute,
      events,
      clock,
      random,
    });
  };
  const pods = Array.from({ length: size }, () => pod());
  /** Lets time pass while every process asks for a token at each step. */
  const passing = async (durationMs: number, stepMs = 10 * SECOND_MS): Promise<void> => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
      const requests = pods.map(async (one) => one.getToken(REQUEST));
      await clock.advanceAsync(Math.min(stepMs, durationMs - passedMs));
      await Promise.all(requests);
    }
  };
  const types = (): string[] => said.map(({ type }) => type);
  return { clock, vendor, server, network, pods, pod, passing, types, said };
}

/** The outcome of one caller in each process after that time: a token, or the code of the failure. */
export async function askAll(
  pods: readonly TokenCache[],
  clock: ManualClock,
  withinMs: number,
): Promise<unknown[]> {
  const outcomes: unknown[] = pods.map(() => 'still waiting');
  pods.forEach((pod, index) => {
    void Promise.resolve(pod.getToken(REQUEST)).then(
      ({ token }) => (outcomes[index] = token),
      ({ code }: NudgeAuthError) => (outcomes[index] = code),
    );
  });
  await clock.advanceAsync(withinMs);
  return outcomes;
}

/** The failure of an attempt that got no answer. */
export function noAnswer(): TransientFailure {
  return new TransientFailure('NUDGE_UNAVAILABLE', 'lost', { isAnswered: false });
}
