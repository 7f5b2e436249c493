import { VARIANT_TITLES, type EndpointGroup, type EndpointResults } from './measures/endpoint.js';
import type { GetTokenResults } from './measures/get-token.js';
import type { InProcessGroup, InProcessResults } from './measures/in-process.js';
import type { MemoryResults } from './measures/memory.js';
import type { NoisyTenantResults } from './measures/noisy-tenant.js';
import type { OtelResults } from './measures/otel.js';
import type { ProfileResults } from './measures/profile.js';
import type { RedisMemoryResults } from './measures/redis-memory.js';
import type { StampedeResults } from './measures/stampede.js';
import type { StartUpResults } from './measures/start-up.js';
import type { TenantsResults } from './measures/tenants.js';

export interface Results {
  readonly endpoint: EndpointResults;
  readonly 'in-process': InProcessResults;
  readonly otel: OtelResults;
  readonly profile: ProfileResults;
  readonly 'get-token': GetTokenResults;
  readonly stampede: StampedeResults;
  readonly 'start-up': StartUpResults;
  readonly memory: MemoryResults;
  readonly 'redis-memory': RedisMemoryResults | undefined;
  readonly tenants: TenantsResults;
  readonly 'noisy-tenant': NoisyTenantResults;
}

/** A target, with the measured value and whether it holds. */
export interface Finding {
  readonly target: string;
  readonly measured: number;
  readonly limit: number;
  readonly holds: boolean;
}

const OURS = 'nestjs-nudge-auth getToken';
const MOST_BYTES_PER_ENTRY = 1024;
const MOST_MICROSECONDS_OVER_CEILING = 1.5;
const MOST_GROWTH = 1.05;
const WORST_P99_RATIO = 2;
/** Two processes with the same code differ by up to this factor. */
const MOST_OF_TELEMETRY = 1.05;
/** Any minute has at most a tenth more calls than the budget. */
const MOST_OF_BUDGET = 1.1;

function atLeast(target: string, measured: number, limit: number): Finding {
  return { target: `${target}: at least ${limit}`, measured, limit, holds: measured >= limit };
}

function atMost(target: string, measured: number, limit: number): Finding {
  return { target: `${target}: at most ${limit}`, measured, limit, holds: measured <= limit };
}

function endpointFindings({ adapter, algorithm, ratioTo, p99RatioToUnguarded }: EndpointGroup): Finding[] {
  const where = `${adapter} ${algorithm}`;
  const toUsualGuard = adapter === 'express' ? 4 : algorithm === 'HS256' ? 12 : 8;
  return [
    atLeast(
      `${where}: endpoint ÷ unguarded route`,
      ratioTo.unguarded.median,
      adapter === 'fastify' ? 1 : 1.2,
    ),
    atLeast(`${where}: endpoint ÷ ${VARIANT_TITLES.textbook}`, ratioTo.textbook.median, toUsualGuard),
    ...(adapter === 'fastify'
      ? [
          atLeast(
            `${where}: endpoint ÷ ${VARIANT_TITLES['textbook end to end']}`,
            ratioTo['textbook end to end'].median,
            20,
          ),
        ]
      : []),
    atMost(`${where}: p99 ÷ the unguarded route's`, p99RatioToUnguarded.median, WORST_P99_RATIO),
  ];
}

function inProcessFindings({
  adapter,
  microsecondsOverCeiling,
  ratioToUnguarded,
}: InProcessGroup): Finding[] {
  const ratio = atLeast(
    `${adapter} in process: unguarded route ÷ endpoint`,
    ratioToUnguarded.median,
    adapter === 'fastify' ? 1 : 1.2,
  );
  if (adapter === 'express') return [ratio];
  const overCeiling = `${adapter} in process: microseconds over the answer written directly`;
  return [ratio, atMost(overCeiling, microsecondsOverCeiling.median, MOST_MICROSECONDS_OVER_CEILING)];
}

/**
 * Compares the lowest times, because a disturbance of the machine can only add to a time, and two processes differ by more than
 * telemetry costs. An SDK that records has no target: its cost is the host's.
 */
function otelFindings({ endpoint, getToken }: OtelResults): Finding[] {
  return Object.entries({ 'the endpoint': endpoint, 'getToken()': getToken }).flatMap(
    ([what, { measured }]) =>
      (['loaded', 'no SDK'] as const).map((telemetry) =>
        atMost(
          `${what}, telemetry ${telemetry} ÷ none, lowest times`,
          measured[telemetry].lowest / measured.none.lowest,
          MOST_OF_TELEMETRY,
        ),
      ),
  );
}

/** What a hand-written service imports as well does not count. Node 20 loads ES modules more slowly than its successors. */
function startUpFindings({ importMs, nodeMajor }: StartUpResults): Finding[] {
  return [atMost(`import in ms, on Node ${nodeMajor}`, importMs.median, nodeMajor <= 20 ? 90 : 60)];
}

function tenantsFindings({ tenants, usersEach, callsPerMinute, served }: TenantsResults): Finding[] {
  const users = tenants * usersEach;
  return served.flatMap(({ processes, calls, mostCallsPerMinute, storeLosses }) => {
    const who = `${users} users of ${tenants} tenants on ${processes} ${processes === 1 ? 'process' : 'processes'}`;
    const oneCallEach = atMost(`calls to Nudge for ${who}`, calls, users);
    return [
      // While a process has lost the store, it fetches tokens that another process holds.
      ...(storeLosses === 0 ? [oneCallEach] : []),
      atMost(`calls in the busiest minute for ${who}`, mostCallsPerMinute, callsPerMinute * MOST_OF_BUDGET),
    ];
  });
}

/** Compares the targets in `docs/performance.md` with the measured values. */
export function findings(results: Partial<Results>): Finding[] {
  const { endpoint, 'get-token': getToken, stampede, memory, 'redis-memory': redisMemory, tenants } = results;
  const found = endpoint?.groups.flatMap(endpointFindings) ?? [];
  found.push(...(results['in-process']?.groups.flatMap(inProcessFindings) ?? []));
  if (results.otel !== undefined) found.push(...otelFindings(results.otel));
  if (getToken !== undefined) {
    const { [OURS]: ours, ...others } = getToken.nanosecondsPerCall;
    for (const [name, { median }] of Object.entries(others)) {
      found.push(atMost(`getToken() in ns, against ${name}`, ours?.median ?? Number.NaN, median));
    }
  }
  if (stampede !== undefined) {
    const calls = stampede.calls[OURS] ?? Number.NaN;
    found.push(atMost(`calls to Nudge for ${stampede.callers} concurrent cold callers`, calls, 1));
    const { fleet } = stampede;
    if (fleet !== undefined) {
      const callers = `${fleet.processes} processes with ${fleet.callersEach} cold callers each`;
      found.push(atMost(`calls to Nudge for ${callers}, sharing a Redis`, fleet.calls, 1));
    }
  }
  if (results['start-up'] !== undefined) found.push(...startUpFindings(results['start-up']));
  if (memory !== undefined) {
    found.push(atMost('bytes that a user-scoped entry keeps', memory.bytesPerEntry, MOST_BYTES_PER_ENTRY));
    found.push(
      atMost(`growth of the heap over ${memory.requests} user-scoped requests`, memory.growth, MOST_GROWTH),
    );
  }
  if (redisMemory !== undefined) {
    found.push(
      atMost(`names in Redis that do not end, of ${redisMemory.users} users`, redisMemory.namesWithoutEnd, 0),
    );
  }
  if (tenants !== undefined) found.push(...tenantsFindings(tenants));
  return found;
}
