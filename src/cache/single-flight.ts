/** Lets callers who want the same thing at the same time share one piece of work. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** The work under way for `key`, or `work` begun now. A failure is shared like a success, and never kept. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return underWay;
    const flight = work().finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    this.#flights.set(key, flight);
    return flight;
  }

  /** Forgets the work under way for `key`: whoever waits gets its result, whoever comes now begins anew. */
  forget(key: string): void {
    this.#flights.delete(key);
  }

  /** Everything under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** Resolves when nothing that is under way now is any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#flights.values());
  }
}
