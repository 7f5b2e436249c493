import { load, loadGenerator, ServerProcess, type LoadResult } from '../processes.js';
import type { Settings } from '../settings.js';
import { ratioOf, summarise, type Summary } from '../statistics.js';
import { ALGORITHMS, signedInUser, type Algorithm, type UserKeys } from '../users.js';

export const ADAPTERS = ['fastify', 'express'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** The routes to compare. The recorded results use these keys, so a new title does not change them. */
export const VARIANTS = [
  'node:http',
  'written directly',
  'unguarded',
  'textbook',
  'textbook end to end',
  'endpoint',
] as const;
export type Variant = (typeof VARIANTS)[number];

/** The names that a reader sees. A usual guard is `AuthGuard('jwt')`, as the documentation of Nest shows it. */
export const VARIANT_TITLES: Readonly<Record<Variant, string>> = {
  'node:http': 'node:http',
  'written directly': 'written directly',
  unguarded: 'unguarded',
  textbook: 'usual guard',
  'textbook end to end': 'usual guard and a call',
  endpoint: 'endpoint',
};

export const API_KEY = 'obviously-fake-private-key-for-benchmarks';
const VENDOR_LATENCY_MS = 20;

export interface EndpointGroup {
  readonly adapter: Adapter;
  readonly algorithm: Algorithm;
  readonly requestsPerSecond: Readonly<Record<Variant, Summary>>;
  readonly p99Ms: Readonly<Record<Variant, Summary>>;
  /**
   * How long the server keeps its core busy. Neither the load generator nor other virtual machines disturb this figure.
   */
  readonly cpuMicrosecondsPerRequest: Readonly<Record<Variant, Summary>>;
  /** The endpoint's requests per second, divided by those of another variant in the same round. */
  readonly ratioTo: Readonly<Record<Exclude<Variant, 'endpoint'>, Summary>>;
  /** The unguarded route's CPU time for a request, divided by the endpoint's in the same round. */
  readonly cpuRatioToUnguarded: Summary;
  /** The endpoint's p99, divided by the unguarded route's in the same round. */
  readonly p99RatioToUnguarded: Summary;
}

export interface EndpointResults {
  readonly loadGenerator: string;
  readonly secondsPerRound: number;
  readonly vendorLatencyMs: number;
  readonly groups: readonly EndpointGroup[];
}

async function assertAnswers(url: string, jwt: string): Promise<void> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${jwt}` } });
  const body = (await response.json()) as object;
  const fields = Object.keys(body).toSorted().join();
  if (response.status !== 200 || fields !== 'expiresAt,expiresIn,refreshIn,token') {
    throw new Error(`${url} answers ${response.status} with ${fields}`);
  }
}

function perVariant<T>(of: (variant: Variant) => T): Record<Variant, T> {
  return Object.fromEntries(VARIANTS.map((variant) => [variant, of(variant)])) as Record<Variant, T>;
}

interface Vendor {
  readonly baseUrl: string;
  readonly slowUrl: string;
  readonly answer: string;
}

interface Round extends LoadResult {
  readonly cpuMicrosecondsPerRequest: number;
}

interface Comparison {
  readonly adapter: Adapter;
  readonly user: UserKeys;
  readonly vendor: Vendor;
  readonly settings: Settings;
}

/** Starts a server of one variant and checks its first answer. */
export async function startServer(
  variant: Variant,
  { adapter, user, vendor }: Comparison,
): Promise<ServerProcess> {
  const { algorithm, verification, jwt } = user;
  const { token } = JSON.parse(vendor.answer) as { token: string };
  const route = { ...vendor, adapter, variant, algorithm, verification, apiKey: API_KEY, token };
  const server = await ServerProcess.start('app', route, 'measured');
  try {
    await assertAnswers(server.url, jwt);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts a server of one variant and warms it up, so that the just-in-time compiler has done its work. */
export async function warmServer(variant: Variant, comparison: Comparison): Promise<ServerProcess> {
  const server = await startServer(variant, comparison);
  await load(server.url, comparison.user.jwt, comparison.settings.warmUpSeconds);
  return server;
}

/** Measures one round in a new process, because the result of the just-in-time compiler differs between processes. */
async function measureRound(variant: Variant, comparison: Comparison): Promise<Round> {
  const { settings, user } = comparison;
  await using server = await warmServer(variant, comparison);
  const before = await server.cpuMicroseconds();
  const result = await load(server.url, user.jwt, settings.secondsPerRound);
  const cpuMicroseconds = (await server.cpuMicroseconds()) - before;
  return { ...result, cpuMicrosecondsPerRequest: cpuMicroseconds / result.requests };
}

async function compare(comparison: Comparison): Promise<EndpointGroup> {
  const { adapter, user, settings } = comparison;
  const results = perVariant((): Round[] => []);
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const variant of VARIANTS) results[variant].push(await measureRound(variant, comparison));
  }
  const rates = perVariant((variant) => results[variant].map(({ requestsPerSecond }) => requestsPerSecond));
  const p99s = perVariant((variant) => results[variant].map(({ p99Ms }) => p99Ms));
  const cpus = perVariant((variant) => results[variant].map((round) => round.cpuMicrosecondsPerRequest));
  const { endpoint: _itself, ...others } = perVariant((variant) => ratioOf(rates.endpoint, rates[variant]));
  return {
    adapter,
    algorithm: user.algorithm,
    requestsPerSecond: perVariant((variant) => summarise(rates[variant])),
    p99Ms: perVariant((variant) => summarise(p99s[variant])),
    cpuMicrosecondsPerRequest: perVariant((variant) => summarise(cpus[variant])),
    ratioTo: others,
    cpuRatioToUnguarded: ratioOf(cpus.unguarded, cpus.endpoint),
    p99RatioToUnguarded: ratioOf(p99s.endpoint, p99s.unguarded),
  };
}

/** Starts the vendor on another core. */
export async function startVendor(): Promise<AsyncDisposable & { readonly vendor: Vendor }> {
  const settings = { apiKey: API_KEY, latencyMs: VENDOR_LATENCY_MS };
  const process_ = await ServerProcess.start('vendor', settings, 'other');
  return {
    vendor: JSON.parse(process_.url) as Vendor,
    [Symbol.asyncDispose]: () => process_[Symbol.asyncDispose](),
  };
}

/**
 * Compares the guarded endpoint with the other variants.
 */
export async function measureEndpoint(settings: Settings): Promise<EndpointResults> {
  await using vendor = await startVendor();
  const groups: EndpointGroup[] = [];
  for (const algorithm of ALGORITHMS) {
    const user = await signedInUser(algorithm);
    for (const adapter of ADAPTERS) {
      groups.push(await compare({ adapter, user, vendor: vendor.vendor, settings }));
    }
  }
  const { secondsPerRound } = settings;
  return { loadGenerator, secondsPerRound, vendorLatencyMs: VENDOR_LATENCY_MS, groups };
}
