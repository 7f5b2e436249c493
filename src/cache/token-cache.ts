import { elapsedMs, type Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import { LRUCache } from 'lru-cache';
import type { FetchedToken, TokenRequest, TokenSource } from '../source/token-source.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { SingleFlight } from './single-flight.js';

export interface TokenCacheOptions {
  /** `false` holds no tokens; concurrent callers still share a flight. */
  readonly enabled: boolean;
  readonly minRemainingMs?: number | undefined;
  readonly maxEntries: number;
  /** Milliseconds a caller waits for a token at most. */
  readonly deadlineMs: number;
}

export interface CacheRequest extends TokenRequest {
  readonly forceRefresh?: boolean | undefined;
}

const DEFAULT_MIN_REMAINING_MS = MINUTE_MS;
const LARGEST_MIN_REMAINING_SHARE = 0.1;

function nameOf({ expiryMins, extId }: TokenRequest): string {
  return `${expiryMins}:${extId ?? ''}`;
}

/** Tokens held in this process, fetched once however many ask. */
export class TokenCache {
  readonly #source: TokenSource;
  readonly #options: TokenCacheOptions;
  readonly #clock: Clock;
  readonly #held: LRUCache<string, FetchedToken>;
  readonly #flights = new SingleFlight<FetchedToken>();

  constructor(source: TokenSource, options: TokenCacheOptions, clock: Clock) {
    this.#source = source;
    this.#options = options;
    this.#clock = clock;
    this.#held = new LRUCache({ max: options.maxEntries });
  }

  /** A token with enough life left, held or fetched. */
  async getToken(request: CacheRequest): Promise<NudgeToken> {
    const name = nameOf(request);
    const held = this.#held.get(name);
    if (held !== undefined && request.forceRefresh !== true && this.#remainingMs(held) >= this.#minRemainingMs(held)) {
      return this.#handOut(held);
    }
    const flight = this.#flights.run(name, () => this.#fetch(request, name));
    return this.#handOut(await flight);
  }

  /** Lets go of the held token, so that the next caller gets a new one. */
  invalidate(request: TokenRequest): void {
    this.#held.delete(nameOf(request));
    this.#flights.forget(nameOf(request));
  }

  /** Tokens held at the moment. */
  get size(): number {
    return this.#held.size;
  }

  /** Resolves when every flight under way has landed. */
  async close(): Promise<void> {
    await this.#flights.settled();
    this.#held.clear();
  }

  async #fetch(request: TokenRequest, name: string): Promise<FetchedToken> {
    const fetched = await this.#source.fetchToken(request, new Deadline(this.#clock, this.#options.deadlineMs));
    if (this.#remainingMs(fetched) < this.#minRemainingMs(fetched)) {
      throw new NudgeAuthError('NUDGE_BAD_RESPONSE', 'Nudge answered with a token that is expired or about to expire');
    }
    if (this.#options.enabled) this.#held.set(name, fetched);
    return fetched;
  }

  #minRemainingMs({ claims }: FetchedToken): number {
    const lifetimeMs = claims.expiresAtMs - claims.issuedAtMs;
    return Math.min(
      this.#options.minRemainingMs ?? DEFAULT_MIN_REMAINING_MS,
      lifetimeMs * LARGEST_MIN_REMAINING_SHARE,
    );
  }

  #remainingMs({ arrivedAt, lifeMs }: FetchedToken): number {
    return lifeMs - elapsedMs(arrivedAt, this.#clock.now());
  }

  #handOut(held: FetchedToken): NudgeToken {
    const nowMs = this.#clock.now().wallMs;
    const expiresAt = Math.floor(nowMs + this.#remainingMs(held));
    const issuedAt = Math.floor(held.arrivedAt.wallMs - held.ageOnArrivalMs);
    return { token: held.token, issuedAt, expiresAt };
  }
}
