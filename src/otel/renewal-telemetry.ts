import type { Attributes, Context, Link, Meter, Span, Tracer } from '@opentelemetry/api';
import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '#peers/@opentelemetry/api';
import { SECOND_MS } from '../common/durations.js';
import { inOwnContext } from '../common/own-context.js';
import type { AroundRenewal, RenewalEnd } from '../telemetry/events.js';
import type { ObservedRegistration } from './registration.js';

/** From the time of a lookup in the store to the time of several attempts at Nudge. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 7, 10];

/** Counts and times every renewal, and makes a span of it. */
export class RenewalTelemetry {
  readonly #tracer: Tracer;
  readonly #renewals;
  readonly #duration;
  readonly #refused;
  readonly #auditDropped;

  constructor(meter: Meter, tracer: Tracer) {
    this.#tracer = tracer;
    this.#renewals = meter.createCounter('nudge_auth.token.renewals', {
      unit: '{renewal}',
      description: 'Renewals of a token, by how they ended',
    });
    this.#duration = meter.createHistogram('nudge_auth.token.renewal.duration', {
      unit: 's',
      description: 'How long renewals took',
      advice: { explicitBucketBoundaries: BUCKETS_S },
    });
    this.#refused = meter.createCounter('nudge_auth.budget.refused', {
      unit: '{call}',
      description: 'Calls that the module refused because the budget was spent',
    });
    this.#auditDropped = meter.createCounter('nudge_auth.audit.dropped', {
      unit: '{record}',
      description: 'Audit records that were lost',
    });
  }

  /**
   * Measures the renewals of a registration from now on.
   *
   * @returns a function that ends it.
   */
  attach(registration: ObservedRegistration): () => void {
    const { events, name } = registration;
    const attributes = { 'nudge_auth.registration': name };
    const former = events.aroundRenewal;
    events.aroundRenewal = this.#around(registration);
    const end = events.subscribe((event) => {
      if (event.type === 'budget-spent') this.#refused.add(1, attributes);
      else if (event.type === 'audit-dropped') this.#auditDropped.add(event.records, attributes);
    });
    return () => {
      end();
      events.aroundRenewal = former;
    };
  }

  #around({ name, clock }: ObservedRegistration): AroundRenewal {
    return (renewal, run) => {
      const startedAtMs = clock.now().monotonicMs;
      const attributes = { 'nudge_auth.registration': name, 'nudge_auth.reason': renewal.reason };
      const span = unlessItFails(() => this.#start(attributes));
      const settled = inOwnContext(() => context.with(contextOf(span), run));
      void settled.then((end) =>
        unlessItFails(() => {
          const tookMs = clock.now().monotonicMs - startedAtMs;
          this.#record({ ...attributes, ...attributesOf(end) }, tookMs, span);
        }),
      );
      return settled;
    };
  }

  /** Starts a root span, because many requests wait for one renewal. A link names the request that caused it. */
  #start(attributes: Attributes): Span {
    const cause = trace.getSpanContext(context.active());
    const links: Link[] = cause === undefined ? [] : [{ context: cause }];
    // An SDK such as Sentry adds the user and the request of the context in which a span starts.
    return inOwnContext(() =>
      this.#tracer.startSpan('nudge_auth.renew', { root: true, attributes, links }, ROOT_CONTEXT),
    );
  }

  #record(attributes: Attributes, tookMs: number, span: Span | undefined): void {
    this.#renewals.add(1, attributes);
    this.#duration.record(tookMs / SECOND_MS, attributes);
    span?.setAttributes(attributes);
    if ('error.type' in attributes) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
  }
}

function contextOf(span: Span | undefined): Context {
  return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
}

function attributesOf(end: RenewalEnd): Attributes {
  return 'error' in end ? { 'error.type': end.error.code } : { 'nudge_auth.from': end.from };
}

/** Runs the work and returns nothing if it fails: an error of the host's SDK must not cost a caller the token. */
function unlessItFails<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // The diagnostics of the SDK itself report the error.
    return undefined;
  }
}
