// The SDK keeps a good token: if it asks again after this time, the token was refused.
const REFUSED_AFTER_MS = 10_000;
const MIN_FORCED_INTERVAL_MS = 60_000;

/** The body that the endpoint should answer; any of its fields may be missing or wrong. */
export interface TokenAnswer {
  readonly token: unknown;
  readonly expiresIn: number;
  readonly refreshIn: number;
}

/** The one token in memory: how long it lives, when its successor is due, and whether the SDK's call refuses it. */
export const holdToken = () => {
  let token = '';
  let expiresAt = 0;
  let refreshAt = 0;
  /** When the SDK first got it; `Infinity` until then. */
  let takenAt = Infinity;
  let forceableAt = 0;

  const isAlive = (now: number): boolean => now < expiresAt;

  return {
    isAlive,

    /** When its successor is due; `Infinity` until the SDK has the token. */
    dueAt: (): number => Math.max(refreshAt, takenAt),

    /** Holds the token of a good answer, and returns whether it is one. The life begins with the sending of the request. */
    keep(answer: TokenAnswer, sentAt: number): boolean {
      const lifeMs = answer.expiresIn * 1_000;
      // A life under a second would have the SDK ask in a loop.
      if (!(typeof answer.token === 'string' && answer.token && lifeMs >= 1_000)) return false;
      token = answer.token;
      expiresAt = sentAt + lifeMs;
      // A `refreshIn` in the first half of the life is a mistake, with which clients would poll.
      refreshAt = sentAt + Math.max(answer.refreshIn * 1_000 || 0, lifeMs / 2);
      takenAt = Infinity;
      return true;
    },

    reset(): void {
      expiresAt = 0;
      takenAt = Infinity;
    },

    /** Whether it lives, and a call of the SDK at this moment does not say that it was refused. */
    isGood: (now: number): boolean => isAlive(now) && now - takenAt <= REFUSED_AFTER_MS,

    /** Whether a token that is not good may be replaced now: a living one once a minute, a dead one always. */
    allows(now: number): boolean {
      if (isAlive(now)) {
        if (now < forceableAt) return false;
        forceableAt = now + MIN_FORCED_INTERVAL_MS;
      }
      return true;
    },

    /** Hands the token to the SDK if it lives. */
    give(now: number): string | null {
      if (!isAlive(now)) return null;
      takenAt = Math.min(takenAt, now);
      return token;
    },
  };
};
export type HeldToken = ReturnType<typeof holdToken>;
