// The SDK keeps a good token itself: if it asks again after this time, Nudge has refused the token.
const REFUSED_AFTER_MS = 10_000;
const MIN_FORCED_INTERVAL_MS = 60_000;

/** The body of a good answer. In a real answer any field may be missing or wrong. */
export interface TokenAnswer {
  readonly token: unknown;
  readonly expiresIn: number;
  readonly refreshIn: number;
}

/**
 * Holds the one token in memory. Knows its life, when the next token is due, and whether the SDK asks for a new one.
 */
export const holdToken = () => {
  let token = '';
  let expiresAt = 0;
  let refreshAt = 0;
  /** When the SDK first got the token; `Infinity` until then. */
  let takenAt = Infinity;
  let forceableAt = 0;

  const isAlive = (now: number): boolean => now < expiresAt;

  return {
    isAlive,

    /** When the next token is due; `Infinity` until the SDK has got this token. */
    dueAt: (): number => Math.max(refreshAt, takenAt),

    /** Keeps the token of a good answer, and returns whether it was good. The life begins when the request is sent. */
    keep(answer: TokenAnswer, sentAt: number): boolean {
      const lifeMs = answer.expiresIn * 1_000;
      // With a life of less than a second, the SDK would ask in a loop.
      if (!(typeof answer.token === 'string' && answer.token && lifeMs >= 1_000)) return false;
      token = answer.token;
      expiresAt = sentAt + lifeMs;
      // A `refreshIn` in the first half of the life is a mistake: clients would ask far too often.
      refreshAt = sentAt + Math.max(answer.refreshIn * 1_000 || 0, lifeMs / 2);
      takenAt = Infinity;
      return true;
    },

    reset(): void {
      expiresAt = 0;
      takenAt = Infinity;
    },

    /** Whether the token lives, and the SDK got it so recently that a call does not mean a refusal by Nudge. */
    isGood: (now: number): boolean => isAlive(now) && now - takenAt <= REFUSED_AFTER_MS,

    /** Whether a token that is not good may be replaced now: a living one once a minute, an expired one always. */
    allows(now: number): boolean {
      if (isAlive(now)) {
        if (now < forceableAt) return false;
        forceableAt = now + MIN_FORCED_INTERVAL_MS;
      }
      return true;
    },

    /** Returns the token for the SDK, or `null` if it has expired. */
    give(now: number): string | null {
      if (!isAlive(now)) return null;
      takenAt = Math.min(takenAt, now);
      return token;
    },
  };
};
export type HeldToken = ReturnType<typeof holdToken>;
