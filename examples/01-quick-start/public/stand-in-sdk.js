/** How long the SDK waits before it asks again after it got no token. */
const ASK_AGAIN_MS = 3_000;

/**
 * Replaces Nudge's SDK and does what its documentation says: it gets `refreshToken`, calls it right after sign-in and
 * whenever the token has expired, and lets every other call wait for the token.
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
   * @param {(token: string) => number} options.lifeLeftMs Given from outside and not read from the token's `exp`, so
   *   that this page also works on a device with a wrong clock.
   * @param {(why: string, answer: Promise<string | null>) => void} options.onAsk
   * @param {() => void} options.onChange
   */
  constructor({ registerRefreshToken, lifeLeftMs, onAsk, onChange }) {
    this.#refreshToken = registerRefreshToken;
    this.#lifeLeftMs = lifeLeftMs;
    this.#onAsk = onAsk;
    this.#onChange = onChange;
  }

  /** The token until it expires, then `null`. */
  get token() {
    return this.#token !== null && this.#lifeLeftMs(this.#token) > 0 ? this.#token : null;
  }

  get isAsking() {
    return this.#asking !== undefined;
  }

  /** Called when a user has signed in. */
  start(why) {
    this.stop();
    void this.#ask(why);
  }

  /** Called when the user has signed out. */
  stop() {
    this.#epoch += 1;
    this.#token = null;
    this.#asking = undefined;
    clearTimeout(this.#timer);
    this.#onChange();
  }

  /** The token that every call of the SDK waits for. */
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
    // Later, not now: an answer from memory comes so fast that the page must not show a wait.
    setTimeout(this.#onChange);
    const token = await answer;
    // The user has changed or signed out since.
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
