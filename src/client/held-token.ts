// The SDK keeps a good token: one that it asks for again after this long was refused.
const REFUSED_AFTER_MS = 10_000;
const MIN_FORCED_INTERVAL_MS = 60_000;

/** The one token in memory: how long it lives, when its successor is due, and whether the SDK's question refuses it. */
export class HeldToken {
  #token = '';
  #expiresAt = 0;
  #refreshAt = 0;
  /** When it was first handed out, or last confirmed; `Infinity` until the SDK has taken it. */
  #returnedAt = Infinity;
  #forceableAt = 0;

  /** When its successor is due; `Infinity` until the SDK has taken it. */
  get refreshAt(): number {
    return this.#returnedAt === Infinity ? Infinity : this.#refreshAt;
  }

  /** Holds a token of the endpoint, which lives from the moment when its request was sent. */
  keep({ token, expiresIn, refreshIn }: Readonly<Record<string, unknown>>, sentAt: number): void {
    const lifeMs = Number(expiresIn) * 1_000;
    this.#token = token as string;
    this.#expiresAt = sentAt + lifeMs;
    // In the first half of a life it is a mistake, with which clients would poll.
    this.#refreshAt = sentAt + Math.max(Number(refreshIn) * 1_000 || lifeMs * 0.8, lifeMs / 2);
    this.#returnedAt = Infinity;
  }

  drop(): void {
    this.#expiresAt = 0;
    this.#returnedAt = Infinity;
  }

  isAlive(now: number): boolean {
    return now < this.#expiresAt;
  }

  /** Whether the SDK, which asks now, was refused with this token. */
  isRefused(now: number): boolean {
    return now - this.#returnedAt > REFUSED_AFTER_MS;
  }

  /** Allows one fetch for a refusal, and no other for a minute. */
  mayForce(now: number): boolean {
    if (now < this.#forceableAt) return false;
    this.#forceableAt = now + MIN_FORCED_INTERVAL_MS;
    return true;
  }

  /** Hands the token out if it lives; `isConfirmed` after a fetch, which starts the time of refusal anew. */
  give(now: number, isConfirmed: boolean): string | null {
    if (!this.isAlive(now)) return null;
    this.#returnedAt = isConfirmed ? now : Math.min(this.#returnedAt, now);
    return this.#token;
  }
}
