/** How many generations Redis remembers under one key. */
export const MOST_GENERATIONS = 10_000;
/** More than Redis does: what is given up here has been given up there before. */
export const MOST_KNOWN_GENERATIONS = 2 * MOST_GENERATIONS;
/** Stands for all tenants, and is the name of none: where too many have begun a generation, the oldest become one of all. */
export const ALL_TENANTS = '*';

/** The generations that have begun under one key, as far as this process has heard. */
export class KnownGenerations {
  /** The last that this process has heard of; 0 for none. */
  heard = 0;
  /** In the order in which they have begun. */
  readonly #byMember = new Map<string, number>();

  of(member: string): number {
    return Math.max(this.#byMember.get(member) ?? 0, this.#byMember.get(ALL_TENANTS) ?? 0);
  }

  /** Whether that is news. */
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
