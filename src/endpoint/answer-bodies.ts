import type { Random } from '../common/clock.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { drawRefreshInS, remainingSOf, tokenAnswer } from './token-answer.js';

/** What the answers have in common that hand out one token in one second. */
interface Beginning {
  readonly token: string;
  readonly expiresAt: number;
  readonly expiresIn: number;
  readonly text: string;
}

/**
 * `TokenAnswer`s as JSON. All but `refreshIn` is written once per token and second. Only for the last token: a text per
 * user would be kept for nothing.
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
