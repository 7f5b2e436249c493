import type { CallUrgency } from './call-budget.js';

/** How urgent a renewal is: done in the background, awaited by a caller, or no longer wanted. */
export class RenewalPriority {
  #urgency: CallUrgency;
  #isDropped = false;
  #onRaised: () => void = () => undefined;

  constructor(urgency: CallUrgency) {
    this.#urgency = urgency;
  }

  get urgency(): CallUrgency {
    return this.#urgency;
  }

  /** Whether the entry was invalidated since: then no caller may get the token of this renewal. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** Called when a caller waits for the renewal now. It moves ahead in the queue. */
  raise(): void {
    if (this.#urgency === 'urgent') return;
    this.#urgency = 'urgent';
    this.#onRaised();
  }

  drop(): void {
    this.#isDropped = true;
  }

  set onRaised(listener: () => void) {
    this.#onRaised = listener;
  }
}
