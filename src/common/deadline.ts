import { setMaxListeners } from 'node:events';
import type { Clock, Instant } from './clock.js';

/** No answer came in time. The work itself goes on: it cannot be cancelled. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('No answer came in time');
  }
}

/** Resolves when `durationMs` milliseconds have passed. */
export function passed(clock: Clock, durationMs: number): Promise<void> {
  return new Promise((resolve) => clock.schedule(durationMs, resolve));
}

/** Settles as `work` does, or rejects with `late()` after `timeoutMs`. */
export function within<T>(clock: Clock, timeoutMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => reject(late()));
    void work.then(resolve, reject).finally(cancel);
  });
}

/**
 * Does the same for an answer from a socket. An answer that has arrived in time still counts if the process reads it
 * later.
 *
 * @throws {NoAnswer} when none has arrived after `timeoutMs`.
 */
export function arrivedWithin<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => setImmediate(() => reject(new NoAnswer())));
    void work.then(resolve, reject).finally(cancel);
  });
}

/** Returns the result of work that never rejects; `undefined` after `timeoutMs`. The work then goes on. */
export function settledWithin<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(timeoutMs, () => resolve(undefined));
    void work.then(resolve).finally(cancel);
  });
}

/** Settles as `work` does, or rejects with the signal's reason if the signal aborts first. The work then goes on. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    // Any number of callers may share a signal: Node must not warn of a leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * The moment by which some work must have ended. It uses the monotonic clock alone: a step of the wall clock must not
 * fail the requests under way.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #endsAtMs: number;

  /**
   * @param durationMs milliseconds from `begunAt` to the deadline.
   * @param begunAt default: now.
   */
  constructor(clock: Clock, durationMs: number, begunAt: Instant = clock.now()) {
    this.#clock = clock;
    this.#endsAtMs = begunAt.monotonicMs + durationMs;
  }

  /** The remaining milliseconds; never negative. */
  remainingMs(): number {
    return Math.max(0, this.#endsAtMs - this.#clock.now().monotonicMs);
  }

  /** Settles as `work` does, or rejects with `late()` at the deadline. */
  race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return within(this.#clock, this.remainingMs(), work, late);
  }
}

/**
 * How long one caller may wait for another system, such as the store, in all its calls together. The time that the
 * vendor takes, and the time in the queue, do not count.
 */
export class TimeBudget {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  #leftMs: number;

  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
    this.#leftMs = budgetMs;
  }

  /** Starts again with the full budget, after the caller has waited for something else. */
  restart(): void {
    this.#leftMs = this.#budgetMs;
  }

  /**
   * Returns the result of `work`. An answer that has arrived in time still counts if the process reads it later.
   *
   * @throws what `work` throws; `NoAnswer` when no answer arrives in time.
   */
  within<T>(work: () => Promise<T>): Promise<T> {
    return this.#spend(arrivedWithin(this.#clock, this.#leftMs, Promise.resolve().then(work)));
  }

  /** Returns the result of work that never rejects; `undefined` when the time is up first. The work then goes on. */
  atMost<T>(work: Promise<T>): Promise<T | undefined> {
    return this.#spend(settledWithin(this.#clock, this.#leftMs, work));
  }

  async #spend<T>(wait: Promise<T>): Promise<T> {
    const beganMs = this.#clock.now().monotonicMs;
    try {
      return await wait;
    } finally {
      this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.now().monotonicMs - beganMs));
    }
  }
}
