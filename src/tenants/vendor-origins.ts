import type { Clock } from '../common/clock.js';
import { SharedCallBudget } from '../store/shared-call-budget.js';
import type { StoreCircuitBreaker } from '../store/store-circuit-breaker.js';
import { MemoryCallLimits } from '../store/memory-call-limits.js';
import type { TokenStore } from '../store/token-store.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { CallPause } from '../vendor/call-budget.js';
import { CallQueue } from '../vendor/call-queue.js';
import type { TokenSource } from '../vendor/token-source.js';

/** The limit of calls to one vendor origin at once. A vendor that answers needs fewer, even at 1200 calls a minute. */
const PLACES = { mostInAll: 100, mostPerLane: 50 } as const;

/** The parts that all tenants share for one vendor origin: the vendor counts all calls from one IP address together. */
export interface VendorOrigin {
  readonly queue: CallQueue;
  readonly pause: CallPause;
}

export interface VendorOriginsParts {
  readonly sourceOf: (baseUrl: string) => TokenSource;
  readonly store: TokenStore | undefined;
  readonly breaker: StoreCircuitBreaker;
  readonly callsPerMinute: number;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
}

/** The vendor origins of the tenants' accounts. Each has one budget, one pause and one queue. */
export class VendorOrigins {
  readonly #parts: VendorOriginsParts;
  readonly #byOrigin = new Map<string, VendorOrigin>();
  readonly #sources = new Map<string, TokenSource>();

  constructor(parts: VendorOriginsParts) {
    this.#parts = parts;
  }

  of(baseUrl: string): VendorOrigin {
    const { origin } = new URL(baseUrl);
    const known = this.#byOrigin.get(origin) ?? this.#create(origin);
    this.#byOrigin.set(origin, known);
    return known;
  }

  sourceOf(baseUrl: string): TokenSource {
    const known = this.#sources.get(baseUrl) ?? this.#parts.sourceOf(baseUrl);
    this.#sources.set(baseUrl, known);
    return known;
  }

  #create(origin: string): VendorOrigin {
    const { store, breaker, callsPerMinute, events, clock } = this.#parts;
    const limits = store?.callLimitsOf?.(origin) ?? new MemoryCallLimits(clock);
    const budget = new SharedCallBudget(limits, callsPerMinute, breaker, events, clock);
    return { queue: new CallQueue(budget, budget, callsPerMinute, events, clock, PLACES), pause: budget };
  }
}
