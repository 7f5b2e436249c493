import type { Random } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import type { NudgeToken } from '../token/nudge-token.js';

/**
 * What the endpoint answers as JSON.
 *
 * @publicApi
 */
export interface TokenAnswer {
  readonly token: string;
  /** ISO 8601, by the server's clock. */
  readonly expiresAt: string;
  /** Seconds for which the token can still be used. They do not depend on the client's clock. */
  readonly expiresIn: number;
  /** Seconds after which the client should fetch its next token. */
  readonly refreshIn: number;
}

/** A client refreshes between these shares of the remaining life: clients that hold one token then spread out. */
const EARLIEST_REFRESH_SHARE = 0.75;
const LATEST_REFRESH_SHARE = 0.95;

/** Draws anew for every answer: clients with the same refresh time would come back in the same second. */
function drawRefreshInS(remainingS: number, random: Random): number {
  const share = EARLIEST_REFRESH_SHARE + random() * (LATEST_REFRESH_SHARE - EARLIEST_REFRESH_SHARE);
  return Math.floor(remainingS * share);
}

function remainingSOf({ expiresAt }: NudgeToken, nowMs: number): number {
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

/** The part of the body that all answers with one token in one second have in common. */
interface Beginning {
  readonly token: string;
  readonly expiresAt: number;
  readonly expiresIn: number;
  readonly text: string;
}

/**
 * Writes `TokenAnswer`s as JSON. All but `refreshIn` is written once per token and second. The text is kept for the last
 * token only: in scope user a kept text would serve only one user and save nothing.
 */
export class AnswerBodies {
  readonly #random: Random;
  #last: Beginning | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @param nowMs epoch milliseconds. */
  bodyOf(token: NudgeToken, nowMs: number): string {
    const remainingS = remainingSOf(token, nowMs);
    const { text } = this.#beginningOf(token, Math.floor(remainingS), nowMs);
    return `${text}${drawRefreshInS(remainingS, this.#random)}}`;
  }

  #beginningOf(token: NudgeToken, expiresIn: number, nowMs: number): Beginning {
    const last = this.#last;
    if (last?.token === token.token && last.expiresAt === token.expiresAt && last.expiresIn === expiresIn) {
      return last;
    }
    const { refreshIn: _drawn, ...common } = tokenAnswer(token, nowMs, () => 0);
    const text = `${JSON.stringify(common).slice(0, -1)},"refreshIn":`;
    this.#last = { token: token.token, expiresAt: token.expiresAt, expiresIn, text };
    return this.#last;
  }
}
