import type { Instant } from '../common/clock.js';

/** An answer that the endpoint can send unchanged. */
export interface PreparedAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** What the endpoint knows of one request from its first guard to its answer. */
export class Arrival {
  /** The request's deadline begins here. */
  readonly at: Instant;
  prepared: PreparedAnswer | undefined;
  /** The tenant that the token belongs to, with the option `tenants`. */
  tenant: string | undefined;

  constructor(at: Instant) {
    this.at = at;
  }
}

/** Kept outside the request objects: the host sees no property of ours, and Express' objects keep their shape. */
const arrivals = new WeakMap<object, Arrival>();

/** Records when a request arrived. */
export function noteArrival(request: object, at: Instant): Arrival {
  const arrival = new Arrival(at);
  arrivals.set(request, arrival);
  return arrival;
}

/** What the endpoint recorded of a request; `undefined` for a request of another route. */
export function arrivalOf(request: object): Arrival | undefined {
  return arrivals.get(request);
}
