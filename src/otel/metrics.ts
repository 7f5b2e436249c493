import type { BatchObservableCallback, BatchObservableResult, Meter } from '@opentelemetry/api';
import { SECOND_MS } from '../common/durations.js';
import type { Counts, FailureCounts } from '../telemetry/counts.js';
import type { ObservedRegistration } from './registration.js';

const REGISTRATION = 'nudge_auth.registration';
const OUTCOME = 'nudge_auth.outcome';
const ERROR_TYPE = 'error.type';

/** Must be called after the host's SDK has started: an instrument from before would never report anything. */
function createInstruments(meter: Meter) {
  return {
    requests: meter.createObservableCounter('nudge_auth.token.requests', {
      unit: '{request}',
      description: 'Requests for a token, by how they ended',
    }),
    vendorCalls: meter.createObservableCounter('nudge_auth.vendor.calls', {
      unit: '{call}',
      description: 'Calls to Nudge, with every attempt counted',
    }),
    held: meter.createObservableUpDownCounter('nudge_auth.token.held', {
      unit: '{token}',
      description: 'Tokens in memory',
    }),
    remainingLife: meter.createObservableGauge('nudge_auth.token.remaining_life', {
      unit: 's',
      description: 'How long the token that was asked for last can still be used, in scope client',
    }),
    waiting: meter.createObservableUpDownCounter('nudge_auth.budget.waiting', {
      unit: '{call}',
      description: 'Calls that wait for a place in the budget',
    }),
    fallbackInUse: meter.createObservableGauge('nudge_auth.key.fallback_in_use', {
      unit: '{state}',
      description: '1 while the fallback API key is in use, else 0',
    }),
    storeAvailable: meter.createObservableGauge('nudge_auth.store.available', {
      unit: '{state}',
      description: '1 while the shared store can be used, else 0; absent without a store',
    }),
    skew: meter.createObservableGauge('nudge_auth.clock.skew', {
      unit: 's',
      description: "How far Nudge's clock is ahead of this machine's clock",
    }),
    userJwtChecks: meter.createObservableCounter('nudge_auth.user_jwt.checks', {
      unit: '{check}',
      description: "Checks of users' JWTs, by how they ended",
    }),
  };
}

type Instruments = ReturnType<typeof createInstruments>;

/**
 * Reports the status and the counts of all registrations each time the SDK collects metrics.
 *
 * @returns a function that ends the reports.
 */
export function observe(meter: Meter, registrations: () => readonly ObservedRegistration[]): () => void {
  const instruments = createInstruments(meter);
  const callback: BatchObservableCallback = (result) => {
    for (const registration of registrations()) {
      observeCounts(result, instruments, registration.name, registration.events.counts);
      observeStatus(result, instruments, registration);
    }
  };
  const observed = Object.values(instruments);
  meter.addBatchObservableCallback(callback, observed);
  return () => meter.removeBatchObservableCallback(callback, observed);
}

function observeCounts(
  result: BatchObservableResult,
  { requests, vendorCalls, waiting, userJwtChecks }: Instruments,
  name: string,
  counts: Counts,
): void {
  const registration = { [REGISTRATION]: name };
  const failures = (failed: FailureCounts, instrument: typeof requests, attributes: object): void => {
    for (const [code, count] of failed.entries()) {
      result.observe(instrument, count, { ...registration, ...attributes, [ERROR_TYPE]: code });
    }
  };
  for (const outcome of ['held', 'waited', 'stale'] as const) {
    result.observe(requests, counts.requests[outcome], { ...registration, [OUTCOME]: outcome });
  }
  failures(counts.requests.failed, requests, { [OUTCOME]: 'failed' });
  result.observe(vendorCalls, counts.vendorCalls.succeeded, registration);
  failures(counts.vendorCalls.failed, vendorCalls, {});
  result.observe(waiting, counts.callsWaiting, registration);
  const { remembered, verified, refused, keysUnavailable } = counts.userJwtChecks;
  const checks = { remembered, verified, refused, keys_unavailable: keysUnavailable };
  for (const [outcome, count] of Object.entries(checks)) {
    result.observe(userJwtChecks, count, { ...registration, [OUTCOME]: outcome });
  }
}

function observeStatus(
  result: BatchObservableResult,
  instruments: Instruments,
  { name, tokens }: ObservedRegistration,
): void {
  const registration = { [REGISTRATION]: name };
  const status = tokens.status();
  const [newest] = status.tokens;
  result.observe(instruments.held, status.heldTokens, registration);
  result.observe(instruments.fallbackInUse, Number(status.fallbackInUse), registration);
  if (newest !== undefined) {
    result.observe(instruments.remainingLife, Math.max(0, newest.remainingMs / SECOND_MS), registration);
  }
  if (status.hasStore)
    result.observe(instruments.storeAvailable, Number(status.storeAvailable), registration);
  if (status.skewMs !== undefined) result.observe(instruments.skew, status.skewMs / SECOND_MS, registration);
}
