/** How many calls to one vendor may be under way at once. */
export interface PlaceLimits {
  readonly mostInAll: number;
  /** The limit for one tenant, so that the others can call while its calls hang. */
  readonly mostPerLane: number;
}

export const NO_PLACE_LIMITS: PlaceLimits = { mostInAll: Infinity, mostPerLane: Infinity };

/** Counts the calls under way to one vendor, by tenant. */
export class CallPlaces {
  readonly #limits: PlaceLimits;
  readonly #taken = new Map<string, number>();
  #count = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** Whether a call of this lane may begin. */
  isFree(lane: string): boolean {
    const { mostInAll, mostPerLane } = this.#limits;
    return this.#count < mostInAll && (this.#taken.get(lane) ?? 0) < mostPerLane;
  }

  take(lane: string): void {
    this.#count += 1;
    this.#taken.set(lane, (this.#taken.get(lane) ?? 0) + 1);
  }

  giveBack(lane: string): void {
    const left = (this.#taken.get(lane) ?? 0) - 1;
    this.#count -= 1;
    if (left > 0) this.#taken.set(lane, left);
    else this.#taken.delete(lane);
  }
}
