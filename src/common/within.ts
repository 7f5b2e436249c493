import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.js';

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
