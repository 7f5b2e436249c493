import type { Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { NudgeToken } from '../token/nudge-token.js';

/** What the endpoint answers as JSON. */
export interface TokenAnswer {
  readonly token: string;
  /** ISO 8601, by the server's clock. */
  readonly expiresAt: string;
  /** Seconds the token can still be used: independent of the client's clock. */
  readonly expiresIn: number;
  /** Seconds after which the next token should be fetched. */
  readonly refreshIn: number;
}

/** Clients that got the same token must not come back in the same second. */
const EARLIEST_REFRESH_SHARE = 0.75;
const LATEST_REFRESH_SHARE = 0.95;

/** Drawn anew for every answer: clients that were told the same would come back together. */
export function drawRefreshInS(remainingS: number, random: Random): number {
  const share = EARLIEST_REFRESH_SHARE + random() * (LATEST_REFRESH_SHARE - EARLIEST_REFRESH_SHARE);
  return Math.floor(remainingS * share);
}

export function remainingSOf({ expiresAt }: NudgeToken, nowMs: number): number {
  return (expiresAt - nowMs) / SECOND_MS;
}

export function tokenAnswer(token: NudgeToken, nowMs: number, random: Random): TokenAnswer {
  const remainingS = remainingSOf(token, nowMs);
  return {
    token: token.token,
    expiresAt: new Date(token.expiresAt).toISOString(),
    expiresIn: Math.floor(remainingS),
    refreshIn: drawRefreshInS(remainingS, random),
  };
}
