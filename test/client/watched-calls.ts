import assert from 'node:assert/strict';
import type { WatchedTime } from './watched-time.js';

interface Call {
  readonly epoch: number;
  readonly startedAtAwakeMs: number;
  isSettled: boolean;
  mustBeSettled?: boolean;
}

/** Checks that every call of the client gets its answer in time, and keeps the faults of a history. */
export class WatchedCalls {
  readonly #faults: unknown[] = [];
  readonly #calls: Call[] = [];
  readonly #time: WatchedTime;

  constructor(time: WatchedTime) {
    this.#time = time;
  }

  /** Runs a check where an exception would be lost, and keeps its fault for `checkAll`. */
  check(assertions: () => void): void {
    try {
      assertions();
    } catch (fault) {
      this.#faults.push(fault);
    }
  }

  begin(
    refreshToken: () => Promise<string | null>,
    epoch: number,
    onAnswer: (token: string | null) => void,
  ): Promise<string | null> {
    const call: Call = { epoch, startedAtAwakeMs: this.#time.awakeMs, isSettled: false };
    this.#calls.push(call);
    const answer = refreshToken();
    void this.#watch(call, answer, onAnswer);
    return answer;
  }

  isWaiting(epoch: number): boolean {
    return this.#calls.some((call) => !call.isSettled && call.epoch === epoch);
  }

  mustBeSettled(): void {
    for (const call of this.#calls) call.mustBeSettled = true;
  }

  checkAll(): void {
    if (this.#faults.length > 0) throw this.#faults[0];
    for (const call of this.#calls.filter(({ isSettled }) => !isSettled)) {
      assert.ok(!call.mustBeSettled, 'reset() or stop() left a call without an answer');
      assert.ok(this.#time.awakeMs - call.startedAtAwakeMs < 9_000, 'a call took more than nine seconds');
    }
  }

  async #watch(
    call: Call,
    answer: Promise<string | null>,
    onAnswer: (token: string | null) => void,
  ): Promise<void> {
    try {
      const token = await answer;
      call.isSettled = true;
      onAnswer(token);
    } catch (fault) {
      this.#faults.push(fault);
    }
  }
}
