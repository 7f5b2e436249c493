/*
 * Lanes keep the tenants apart in the queue of calls: they take turns, and the calls of one cannot fill all places. Without
 * tenants there is one lane.
 */

/** A call that waits in the queue for one tenant. */
export interface LaneTicket {
  /** The tenant's id. Without tenants it is always the same. */
  readonly lane: string;
}

/**
 * Tickets that wait in lanes, one lane for each tenant. The lanes are served round robin: a tenant with ten thousand
 * waiting calls gets one, then every other tenant gets one. Every ticket costs one call, so this is deficit round robin
 * with a quantum of one. Within a lane tickets are served in the order of arrival.
 */
export class FairTickets<T extends LaneTicket> {
  /** The lane to serve next stands first. Empty lanes are removed. */
  readonly #lanes = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(ticket: T): void {
    const lane = this.#lanes.get(ticket.lane) ?? new Set();
    this.#lanes.set(ticket.lane, lane.add(ticket));
    this.#size += 1;
  }

  /** Removes a ticket. Returns whether it was found. */
  delete(ticket: T): boolean {
    const lane = this.#lanes.get(ticket.lane);
    if (lane?.delete(ticket) !== true) return false;
    this.#size -= 1;
    if (lane.size === 0) this.#lanes.delete(ticket.lane);
    return true;
  }

  /** Removes a ticket that is served and puts its lane behind all others. Returns whether the ticket was found. */
  serve(ticket: T): boolean {
    if (!this.delete(ticket)) return false;
    const lane = this.#lanes.get(ticket.lane);
    if (lane !== undefined) {
      this.#lanes.delete(ticket.lane);
      this.#lanes.set(ticket.lane, lane);
    }
    return true;
  }

  /** The ticket to serve next, from the lanes that may be served now. */
  next(isOpen: (lane: string) => boolean): T | undefined {
    for (const [name, lane] of this.#lanes) {
      if (!isOpen(name)) continue;
      for (const ticket of lane) return ticket;
    }
    return undefined;
  }

  /** How many tickets would be served before a new ticket in this lane. */
  countAheadOf(lane: string): number {
    const own = this.#lanes.get(lane)?.size ?? 0;
    if (own === this.#size) return own;
    let ahead = own;
    for (const [name, { size }] of this.#lanes) if (name !== lane) ahead += Math.min(size, own + 1);
    return ahead;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const lane of this.#lanes.values()) yield* lane;
  }
}

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
