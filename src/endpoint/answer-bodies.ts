import { elapsedMs, type Clock, type Instant, type Random } from '../common/clock.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { tokenAnswer } from './token-answer.js';

/**
 * For how long one body serves. Clients that come within it are told the same `refreshIn`: drawn ten times a second, it
 * spreads them as well as if it were drawn for each.
 */
const SERVES_FOR_MS = 100;

interface Body {
  readonly token: NudgeToken;
  readonly builtAt: Instant;
  readonly text: string;
}

/** JSON bodies, built once per token and moment. Only the last: a body per user would be kept for nothing. */
export class AnswerBodies {
  readonly #clock: Clock;
  readonly #random: Random;
  #last: Body | undefined;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** @param token as it was handed out: the same object is the same token at the same expiry. */
  bodyOf(token: NudgeToken): string {
    const now = this.#clock.now();
    const last = this.#last;
    if (last !== undefined && last.token === token && elapsedMs(last.builtAt, now) < SERVES_FOR_MS) {
      return last.text;
    }
    const text = JSON.stringify(tokenAnswer(token, now.wallMs, this.#random));
    this.#last = { token, builtAt: now, text };
    return text;
  }
}
