/** How soon a call that waits for a token makes the SDK ask again. */
const ASK_AGAIN_MS = 3_000;

/**
 * Stands in for Nudge's SDK, as far as its documentation tells: it is given `refreshToken`, calls it right after
 * sign-in and whenever the token has expired, and every other call waits for the token.
 */
export class StandInSdk {
  #refreshToken;
  #lifeLeftMs;
  #onAsk;
  #onChange;
  #token = null;
  #asking;
  #timer;
  #epoch = 0;

  /**
   * @param {object} options
   * @param {() => Promise<string | null>} options.registerRefreshToken
   * @param {(token: string) => number} options.lifeLeftMs Told from outside instead of read from the token's `exp`, so
   *   that a device with a wrong clock can show this page as well.
   * @param {(why: string, answer: Promise<string | null>) => void} options.onAsk
   * @param {() => void} options.onChange
   */
  constructor({ registerRefreshToken, lifeLeftMs, onAsk, onChange }) {
    this.#refreshToken = registerRefreshToken;
    this.#lifeLeftMs = lifeLeftMs;
    this.#onAsk = onAsk;
    this.#onChange = onChange;
  }

  /** The token, while it is good. */
  get token() {
    return this.#token !== null && this.#lifeLeftMs(this.#token) > 0 ? this.#token : null;
  }

  get isAsking() {
    return this.#asking !== undefined;
  }

  /** A user has signed in. */
  start(why) {
    this.stop();
    void this.#ask(why);
  }

  /** The user has signed out. */
  stop() {
    this.#epoch += 1;
    this.#token = null;
    this.#asking = undefined;
    clearTimeout(this.#timer);
    this.#onChange();
  }

  /** What every call of the SDK does first. */
  async whenReady() {
    return this.token ?? this.#ask('a call waits for a token');
  }

  #ask(why) {
    this.#asking ??= this.#fetch(why);
    return this.#asking;
  }

  async #fetch(why) {
    const epoch = this.#epoch;
    clearTimeout(this.#timer);
    const answer = this.#refreshToken();
    this.#onAsk(why, answer);
    // Not at once: an answer from memory is there before anybody could see that it was waited for.
    setTimeout(this.#onChange);
    const token = await answer;
    // Somebody else is signed in by now, or nobody.
    if (epoch !== this.#epoch) return null;
    this.#asking = undefined;
    this.#token = token;
    this.#timer =
      token === null
        ? setTimeout(() => void this.#ask('still without a token'), ASK_AGAIN_MS)
        : setTimeout(() => void this.#ask('the token has expired'), this.#lifeLeftMs(token));
    this.#onChange();
    return token;
  }
}
