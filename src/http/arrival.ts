import type { Instant } from '../common/clock.js';

/** An answer that is ready to be sent as it is. */
export interface PreparedAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** What the endpoint knows of one request from its first guard to its answer. */
export class Arrival {
  /** The request's deadline begins here. */
  readonly at: Instant;
  prepared: PreparedAnswer | undefined;

  constructor(at: Instant) {
    this.at = at;
  }
}

/**
 * Beside the requests, not on them: Express gives each request and response a hidden class of its own, so that every
 * property that is added to one, or read from it, costs more than a look into this map.
 */
const arrivals = new WeakMap<object, Arrival>();

/** Writes down when a request arrived. */
export function noteArrival(request: object, at: Instant): Arrival {
  const arrival = new Arrival(at);
  arrivals.set(request, arrival);
  return arrival;
}

/** What was written down of a request, where anything was. */
export function arrivalOf(request: object): Arrival | undefined {
  return arrivals.get(request);
}
