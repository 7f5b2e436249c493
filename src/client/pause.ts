const MIN_EARLY_END_INTERVAL_MS = 30_000;
// The first pause; each further one is twice as long, up to the factor, and a quarter of chance comes on top.
const UNAUTHORIZED_PAUSE_MS = 30_000;
const FAILURE_PAUSE_MS = 5_000;
const MAX_PAUSE_FACTOR = 8;

/** The time after a failure in which nothing is sent; it grows with each failure in a row. */
export class Pause {
  #until = 0;
  #factor = 0.5;
  #refusedKey = '';
  #endableAt = 0;

  get until(): number {
    return this.#until;
  }

  /** Whether nothing may be sent, whatever the headers. */
  isDeaf(now: number): boolean {
    return now < this.#until && !this.#refusedKey;
  }

  /** Whether these headers may be sent: others than the refused ones end the pause, if it may be ended. */
  allows(now: number, headersKey: string): boolean {
    return now >= this.#until || (!this.isDeaf(now) && headersKey !== this.#refusedKey && this.endEarly(now));
  }

  /** Begins after a failure, and returns its milliseconds; a running pause goes on as it is, which is 0. */
  begin(now: number, chance: number, refusedKey = '', retryAfterMs = 0): number {
    if (now < this.#until) return 0;
    const isSameKind = !refusedKey === !this.#refusedKey;
    this.#factor = isSameKind ? Math.min(this.#factor * 2, MAX_PAUSE_FACTOR) : 1;
    this.#refusedKey = refusedKey;
    const firstMs = refusedKey ? UNAUTHORIZED_PAUSE_MS : FAILURE_PAUSE_MS;
    const pauseMs = retryAfterMs || firstMs * this.#factor * (1 + chance / 4);
    this.#until = now + pauseMs;
    // What the endpoint asks for is not ended early.
    if (retryAfterMs) this.#endableAt = Math.max(this.#endableAt, this.#until);
    return pauseMs;
  }

  /** Ends a running pause, once in 30 seconds at most; returns whether it did. */
  endEarly(now: number): boolean {
    if (now >= this.#until || now < this.#endableAt) return false;
    this.#endableAt = now + MIN_EARLY_END_INTERVAL_MS;
    this.#until = 0;
    return true;
  }

  /** After a success, the next pause is a first one again. */
  forgetFailures(): void {
    this.#factor = 0.5;
  }
}
