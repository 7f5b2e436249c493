/** How many generations Redis keeps under one key. */
export const MOST_GENERATIONS = 10_000;
/** A process keeps more than Redis, so that it never drops a generation that Redis still has. */
export const MOST_KNOWN_GENERATIONS = 2 * MOST_GENERATIONS;
/** Stands for all tenants; no tenant has this name. Above the limit one generation for all replaces the oldest ones. */
export const ALL_TENANTS = '*';

/** The generations under one key that this process knows. */
export class KnownGenerations {
  /** The last generation that this process has learnt from Redis; 0 for none. */
  heard = 0;
  /** In the order in which this process has learnt them. */
  readonly #byMember = new Map<string, number>();

  of(member: string): number {
    return Math.max(this.#byMember.get(member) ?? 0, this.#byMember.get(ALL_TENANTS) ?? 0);
  }

  /** @returns whether the generation is new to this process. */
  learn(member: string, generation: number): boolean {
    if ((this.#byMember.get(member) ?? 0) >= generation) return false;
    this.#byMember.delete(member);
    this.#byMember.set(member, generation);
    for (const [oldest, begun] of this.#byMember) {
      if (this.#byMember.size <= MOST_KNOWN_GENERATIONS) break;
      this.#byMember.delete(oldest);
      this.#byMember.set(ALL_TENANTS, Math.max(begun, this.#byMember.get(ALL_TENANTS) ?? 0));
    }
    return true;
  }
}
