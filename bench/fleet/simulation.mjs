import { createTokenCache } from '../../compiled/cache/create-token-cache.js';
import { MemoryTokenStore } from '../../compiled/testing/memory-token-store.js';
import { NudgeAuthEvents } from '../../compiled/telemetry/events.js';
import { ManualClock } from '../../compiled/testing/manual-clock.js';
import { Secret } from '../../compiled/common/secret.js';
import { ApiKeys } from '../../compiled/vendor/api-keys.js';
import { SimulatedVendor } from './vendor.mjs';

export const CLIENTS = 1_000_000;
export const HOURS = 8;
export const HOUR_S = 3_600;
const TOTAL_S = HOURS * HOUR_S;
const BURST_S = 30;
const OUTAGE = { fromS: 5 * HOUR_S, toS: 5 * HOUR_S + 600 };
const LONGEST_RETRY_SPREAD_S = 30;
const REQUEST = { expiryMins: 60 };

/** Random numbers that a seed makes repeatable (mulberry32). */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The expected number of clients in each second. The clients of a time range are spread evenly over its seconds. */
class Arrivals {
  #change = new Float64Array(TOTAL_S + 1);
  #present = 0;

  constructor(pattern) {
    const inBurst = pattern === 'burst' ? CLIENTS / 2 : 0;
    this.spread(0, HOUR_S, CLIENTS - inBurst);
    if (inBurst > 0) this.spread(HOUR_S / 2, HOUR_S / 2 + BURST_S, inBurst);
  }

  /** @param untilS exclusive; at least one second after `fromS`. */
  spread(fromS, untilS, clients) {
    const from = Math.floor(fromS);
    const until = Math.max(from + 1, Math.floor(untilS));
    if (from >= TOTAL_S) return;
    this.#change[from] += clients / (until - from);
    if (until <= TOTAL_S) this.#change[until] -= clients / (until - from);
  }

  /** The clients of a second. Must be called for every second, in order. */
  at(second) {
    this.#present += this.#change[second];
    return Math.max(0, this.#present);
  }
}

/** When a client comes back, as shares of its token's remaining life. */
const CLIENT_POLICIES = { spread: { from: 0.75, until: 0.95 }, 'at expiry': { from: 1, until: 1 } };

/** One pod with the module's real code. Only the vendor, the store's network and the clock are simulated. */
function podOn(clock, store, vendor, random) {
  const events = new NudgeAuthEvents();
  return createTokenCache({
    source: vendor,
    apiKeys: new ApiKeys(new Secret('obviously-fake-key'), undefined, events, clock),
    store,
    options: {
      scope: 'client',
      enabled: true,
      maxWaitMs: 500,
      maxEntries: 10,
      deadlineMs: 7_000,
      timeoutMs: 3_000,
      maxRetries: 2,
      storeScope: ['bench'],
    },
    callsPerMinute: 1_000,
    // There is no budget, because the simulation shows how few calls are made without one.
    budget: { take: async () => 0 },
    events,
    clock,
    random,
  });
}

/**
 * Simulates eight hours, second by second. Clients are only counted: all clients that come to a pod in the same second
 * get the same token, so the pod is called once for all of them.
 */
export async function simulate({
  pods: podCount,
  pattern,
  clientPolicy = 'spread',
  outage = false,
  seed = 1,
}) {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const vendor = new SimulatedVendor(clock);
  const store = new MemoryTokenStore(clock);
  const pods = Array.from({ length: podCount }, () => podOn(clock, store, vendor, random));
  const due = new Arrivals(pattern);
  const load = new Float64Array(TOTAL_S);
  const next = CLIENT_POLICIES[clientPolicy];
  let refused = 0;
  let firstPod = 0;

  const serve = (nowS, clients, token) => {
    const remainingS = (token.expiresAt - clock.now().wallMs) / 1000;
    const least = Math.max(1, remainingS * next.from);
    due.spread(nowS + least, nowS + Math.max(least, remainingS * next.until), clients);
  };
  const refuse = (nowS, clients, error) => {
    refused += clients;
    const retryAfterS = Math.max(1, (error.retryAfterMs ?? 0) / 1000);
    due.spread(nowS + retryAfterS, nowS + retryAfterS + LONGEST_RETRY_SPREAD_S, clients);
  };

  for (let nowS = 0; nowS < TOTAL_S; nowS += 1) {
    vendor.isDown = outage && nowS >= OUTAGE.fromS && nowS < OUTAGE.toS;
    const clients = due.at(nowS);
    load[nowS] = clients;
    const calledPods = Math.min(Math.ceil(clients), podCount);
    for (let index = 0; index < calledPods; index += 1) {
      const pod = pods[(firstPod + index) % podCount];
      const share = clients / calledPods;
      const answer = pod.getToken(REQUEST);
      if (answer instanceof Promise) {
        answer.then(
          (token) => serve(nowS, share, token),
          (error) => refuse(nowS, share, error),
        );
      } else serve(nowS, share, answer);
    }
    firstPod = (firstPod + calledPods) % podCount;
    await clock.advanceAsync(1_000);
  }
  for (const pod of pods) void pod.close();
  return { load, refused, vendor, ...summary(load, vendor) };
}

function summary(load, { calls, callsAtMs, maxAtOnce }) {
  const window = load.subarray(4 * HOUR_S);
  const mean = window.reduce((sum, count) => sum + count, 0) / window.length;
  const inOutage = callsAtMs.filter((ms) => ms >= OUTAGE.fromS * 1000 && ms < OUTAGE.toS * 1000).length;
  return {
    callsPerHour: Math.round(calls / HOURS),
    maxAtOnce,
    callsDuringOutage: inOutage,
    meanPerS: Math.round(mean),
    peakToMean: Math.max(...window) / mean,
    firstReturnPeakToMean: Math.max(...load.subarray(HOUR_S, 2 * HOUR_S)) / mean,
    recoveryPeakToMean: Math.max(...load.subarray(OUTAGE.toS, OUTAGE.toS + HOUR_S)) / mean,
  };
}

/** The load without the module, for comparison: all clients share one token and come back when it expires. */
export function keptUntilExpiry({ pattern }) {
  const due = new Arrivals(pattern);
  const load = new Float64Array(TOTAL_S);
  let expiresS = HOUR_S;
  for (let nowS = 0; nowS < TOTAL_S; nowS += 1) {
    if (nowS >= expiresS) expiresS = nowS + HOUR_S;
    load[nowS] = due.at(nowS);
    due.spread(expiresS, expiresS + 1, load[nowS]);
  }
  const window = load.subarray(4 * HOUR_S);
  const mean = window.reduce((sum, count) => sum + count, 0) / window.length;
  return { load, peakToMean: Math.max(...window) / mean };
}
