import type { CallUrgency } from './call-budget.js';

/** How much a renewal is wanted: behind the callers' backs, by somebody who waits, or no more at all. */
export class RenewalPriority {
  #urgency: CallUrgency;
  #isDropped = false;
  #onChange: () => void = () => undefined;

  constructor(urgency: CallUrgency) {
    this.#urgency = urgency;
  }

  get urgency(): CallUrgency {
    return this.#urgency;
  }

  /** Whether the entry was invalidated meanwhile: what the renewal brings must reach nobody. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** Somebody waits for it now: it moves ahead in the queue. */
  raise(): void {
    if (this.#urgency === 'urgent') return;
    this.#urgency = 'urgent';
    this.#onChange();
  }

  drop(): void {
    this.#isDropped = true;
  }

  set onChange(listener: () => void) {
    this.#onChange = listener;
  }
}
