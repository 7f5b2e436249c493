import assert from 'node:assert/strict';
import type { RefreshTokenEvent } from '../../src/client/index.js';
import type { WatchedTime } from './watched-time.js';

/** Checks that a client pauses after a failure for as long as it must, and sends no request within the pause. */
export class PauseRules {
  /** What the last answer asks for with Retry-After. */
  retryAfterMs = 0;
  #pausedUntilMs = 0;
  #earliestEndAtMs = 0;
  #refusedHeaders: string | undefined;
  #streak = 0;
  #lastKind: string | undefined;
  readonly #time: WatchedTime;

  constructor(time: WatchedTime) {
    this.#time = time;
  }

  /** Forgets everything: another user begins. */
  reset(): void {
    this.#streak = this.#pausedUntilMs = this.#earliestEndAtMs = this.retryAfterMs = 0;
    this.#lastKind = this.#refusedHeaders = undefined;
  }

  /** Ends the pause early, unless the endpoint has asked for it or another pause ended early a moment ago. */
  end(): void {
    if (this.#time.knownMs >= this.#pausedUntilMs || this.#time.knownMs < this.#earliestEndAtMs) return;
    this.#pausedUntilMs = 0;
    this.#earliestEndAtMs = this.#time.knownMs + 30_000;
  }

  /** Other headers than the refused ones end the pause. */
  onHeaders(headers: Record<string, string> | null): void {
    if (this.#refusedHeaders !== undefined && JSON.stringify(headers) !== this.#refusedHeaders) this.end();
  }

  checkRequest(): void {
    assert.ok(this.#time.knownMs >= this.#pausedUntilMs, 'a request within a pause');
  }

  onToken(): void {
    this.#streak = 0;
    this.#lastKind = undefined;
  }

  /** @param lastHeaders gives the headers of the last request */
  onFailure(
    type: RefreshTokenEvent['type'],
    pauseMs: number,
    lastHeaders: () => Record<string, string>,
  ): void {
    if (type === 'headers' && this.#time.knownMs < this.#pausedUntilMs) {
      assert.equal(pauseMs, 0, 'a running pause goes on as it is');
      return;
    }
    const kind = type === 'unauthorized' ? 'unauthorized' : 'failure';
    this.#streak = kind === this.#lastKind ? this.#streak + 1 : 0;
    this.#lastKind = kind;
    this.#pausedUntilMs = this.#time.knownMs + pauseMs;
    this.#refusedHeaders = kind === 'unauthorized' ? JSON.stringify(lastHeaders()) : undefined;
    const retryAfterMs = this.retryAfterMs;
    this.retryAfterMs = 0;
    if (retryAfterMs > 0) {
      assert.equal(pauseMs, retryAfterMs, 'a pause that is not the one of Retry-After');
      this.#earliestEndAtMs = Math.max(this.#earliestEndAtMs, this.#pausedUntilMs);
    } else {
      const leastMs = (kind === 'failure' ? 5_000 : 30_000) * 2 ** Math.min(this.#streak, 3);
      assert.ok(pauseMs >= leastMs && pauseMs <= leastMs * 1.25, `a pause of ${pauseMs} ms, not ${leastMs}`);
    }
  }
}
