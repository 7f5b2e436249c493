import type { CallUrgency } from './call-budget.js';

/** How much a renewal is wanted: in the background, by a caller who waits, or no longer at all. */
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

  /** Whether the entry was invalidated meanwhile: no caller may get what the renewal brings. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** A caller waits for it now: it moves ahead in the queue. */
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
