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

/** Where a request of Fastify keeps its arrival: a property costs less than an entry in a `WeakMap`. */
const ARRIVAL = Symbol('nudge-auth: arrival');

interface FastifyRequest {
  [ARRIVAL]?: Arrival;
}

/** Express gives each request a hidden class of its own, so there a new property would cost more than an entry in a map. */
const expressArrivals = new WeakMap<object, Arrival>();

/** Records when a request arrived. */
export function noteArrival(request: object, isOfFastify: boolean, at: Instant): Arrival {
  const arrival = new Arrival(at);
  if (isOfFastify) (request as FastifyRequest)[ARRIVAL] = arrival;
  else expressArrivals.set(request, arrival);
  return arrival;
}

/** What the endpoint recorded of a request; `undefined` for a request of another route. */
export function arrivalOf(request: object): Arrival | undefined {
  return (request as FastifyRequest)[ARRIVAL] ?? expressArrivals.get(request);
}
