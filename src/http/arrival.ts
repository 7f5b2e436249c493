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
  /** Whose account the token is asked of, where there are tenants. */
  tenant: string | undefined;

  constructor(at: Instant) {
    this.at = at;
  }
}

/** Beside the requests, not on them: a host sees no property of ours, and Express' objects keep their shape. */
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
