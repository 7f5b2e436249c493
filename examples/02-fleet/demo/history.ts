import type { Mark, RecentHistory, SecondOfHistory } from './messages.js';

const KEPT_MS = 120_000;

/** Counts since the start of the fleet. */
export interface Totals {
  readonly served: number;
  readonly nudgeCalls: number;
}

/** Demo only: what happened in the last two minutes, for the chart of the page. */
export class History {
  #totals: Totals = { served: 0, nudgeCalls: 0 };
  #seconds: readonly SecondOfHistory[] = [];
  #marks: readonly Mark[] = [];

  get recent(): RecentHistory {
    return { seconds: this.#seconds, marks: this.#marks };
  }

  /** Notes what the last second brought. */
  endSecond(totals: Totals, nowMs = performance.now()): void {
    const second = {
      atMs: nowMs,
      served: totals.served - this.#totals.served,
      nudgeCalls: totals.nudgeCalls - this.#totals.nudgeCalls,
    };
    this.#totals = totals;
    this.#seconds = [...this.#seconds, second].filter(({ atMs }) => atMs > nowMs - KEPT_MS);
    this.#marks = this.#marks.filter(({ atMs }) => atMs > nowMs - KEPT_MS);
  }

  mark(text: string, nowMs = performance.now()): void {
    this.#marks = [...this.#marks, { atMs: nowMs, text }];
  }
}
