import type { Instant } from '../common/clock.js';

const arrivedAt = Symbol('nudge-auth: arrival');

interface Arrived {
  [arrivedAt]?: Instant;
}

/** Writes down when a request arrived: its deadline begins then. */
export function noteArrival(request: object, now: Instant): void {
  (request as Arrived)[arrivedAt] = now;
}

/** When a request arrived, where that was written down. */
export function arrivalOf(request: object): Instant | undefined {
  return (request as Arrived)[arrivedAt];
}
