// The SDK keeps a good token: one that it asks for again after this long was refused.
const REFUSED_AFTER_MS = 10_000;
const MIN_FORCED_INTERVAL_MS = 60_000;

/** What the endpoint is expected to answer; nothing of it is sure. */
export interface TokenAnswer {
  readonly token: unknown;
  readonly expiresIn: number;
  readonly refreshIn: number;
}

/** The one token in memory: how long it lives, when its successor is due, and whether the SDK's question refuses it. */
export const holdToken = () => {
  let token = '';
  let expiresAt = 0;
  let refreshAt = 0;
  /** When it was first handed out; `Infinity` until the SDK has taken it. */
  let takenAt = Infinity;
  let forceableAt = 0;

  const isAlive = (now: number): boolean => now < expiresAt;

  return {
    isAlive,

    /** Not later than now when its successor is due; `Infinity` until the SDK has taken it. */
    dueAt: (): number => Math.max(refreshAt, takenAt),

    /** Holds a token, which lives from the moment when its request was sent. Returns whether the answer holds one. */
    keep(answer: TokenAnswer, sentAt: number): boolean {
      const lifeMs = answer.expiresIn * 1_000;
      // Less than a second is nothing to work with, and would have the SDK ask in a loop.
      if (typeof answer.token !== 'string' || !answer.token || !(lifeMs >= 1_000)) return false;
      token = answer.token;
      expiresAt = sentAt + lifeMs;
      // In the first half of a life it is a mistake, with which clients would poll.
      refreshAt = sentAt + Math.max(answer.refreshIn * 1_000 || 0, lifeMs / 2);
      takenAt = Infinity;
      return true;
    },

    reset(): void {
      expiresAt = 0;
      takenAt = Infinity;
    },

    /** Whether it lives, and the SDK, which asks now, does not refuse it by that. */
    isGood: (now: number): boolean => isAlive(now) && now - takenAt <= REFUSED_AFTER_MS,

    /** Whether a token that is not good may be replaced now: one that lives once a minute. */
    allows(now: number): boolean {
      if (isAlive(now)) {
        if (now < forceableAt) return false;
        forceableAt = now + MIN_FORCED_INTERVAL_MS;
      }
      return true;
    },

    /** Hands the token out if it lives. */
    give(now: number): string | null {
      if (!isAlive(now)) return null;
      takenAt = Math.min(takenAt, now);
      return token;
    },
  };
};
export type HeldToken = ReturnType<typeof holdToken>;
