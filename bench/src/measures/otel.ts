import { ServerProcess } from '../processes.js';
import type { Settings } from '../settings.js';
import { ratioOf, summarise, type Summary } from '../statistics.js';
import { signedInUser } from '../users.js';
import { API_KEY, startVendor } from './endpoint.js';

/**
 * Four applications: without `nestjs-nudge-auth/otel`; with the subpath loaded but not imported; imported without an SDK; and
 * imported with an SDK that records.
 */
export const TELEMETRY = ['none', 'loaded', 'no SDK', 'SDK'] as const;
export type Telemetry = (typeof TELEMETRY)[number];

const REQUESTS_A_ROUND = 20_000;
const CALLS_A_ROUND = 200_000;
const WARM_UP_ROUNDS = 2;

interface Comparison {
  readonly measured: Readonly<Record<Telemetry, Summary>>;
  /** The value divided by the value without telemetry in the same round. */
  readonly ratioToNone: Readonly<Record<Telemetry, Summary>>;
}

export interface OtelResults {
  readonly processes: number;
  /** Microseconds of a core for each request, without sockets and kernel. */
  readonly endpoint: Comparison;
  /** Nanoseconds for one awaited call while a token is held. */
  readonly getToken: Comparison;
}

type Rounds = Record<Telemetry, number[]>;

const perTelemetry = <T>(of: (telemetry: Telemetry) => T): Record<Telemetry, T> =>
  Object.fromEntries(TELEMETRY.map((telemetry) => [telemetry, of(telemetry)])) as Record<Telemetry, T>;

function comparisonOf(rounds: Rounds): Comparison {
  return {
    measured: perTelemetry((telemetry) => summarise(rounds[telemetry])),
    ratioToNone: perTelemetry((telemetry) => ratioOf(rounds[telemetry], rounds.none)),
  };
}

/** Returns the value of the last of several rounds: the first ones warm up the just-in-time compiler. */
async function ask(server: ServerProcess, question: string): Promise<number> {
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await server.ask(question);
  return server.ask<number>(question);
}

/** Measures the cost of telemetry for a request and for a call. Each round starts a new process for each application. */
export async function measureOtel({ processes }: Settings): Promise<OtelResults> {
  await using nudge = await startVendor();
  const { algorithm, verification, jwt } = await signedInUser('HS256');
  const [endpoint, getToken] = [perTelemetry((): number[] => []), perTelemetry((): number[] => [])];
  for (let round = 0; round < processes; round += 1) {
    for (const telemetry of TELEMETRY) {
      const settings = { ...nudge.vendor, algorithm, verification, apiKey: API_KEY, telemetry };
      await using server = await ServerProcess.start('observed', settings, 'measured');
      endpoint[telemetry].push(await ask(server, `endpoint ${REQUESTS_A_ROUND} ${jwt}`));
      getToken[telemetry].push(await ask(server, `get-token ${CALLS_A_ROUND}`));
    }
  }
  return { processes, endpoint: comparisonOf(endpoint), getToken: comparisonOf(getToken) };
}
