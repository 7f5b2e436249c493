import type { Settings } from '../settings.js';
import { ratioOf, summarise, type Summary } from '../statistics.js';
import { signedInUser } from '../users.js';
import { ADAPTERS, startServer, startVendor, type Adapter } from './endpoint.js';

/** `written directly` is the upper limit: no guarded route can be faster. */
export const IN_PROCESS_VARIANTS = ['unguarded', 'written directly', 'endpoint'] as const;
type InProcessVariant = (typeof IN_PROCESS_VARIANTS)[number];

const REQUESTS_A_ROUND = 20_000;
const WARM_UP_ROUNDS = 2;

export interface InProcessGroup {
  readonly adapter: Adapter;
  readonly cpuMicrosecondsPerRequest: Readonly<Record<InProcessVariant, Summary>>;
  /** The extra microseconds of the endpoint over `written directly` in the same round. */
  readonly microsecondsOverCeiling: Summary;
  /** The unguarded route's time for a request, divided by the endpoint's in the same round. */
  readonly ratioToUnguarded: Summary;
}

export interface InProcessResults {
  readonly algorithm: 'HS256';
  readonly requestsPerRound: number;
  readonly processes: number;
  readonly groups: readonly InProcessGroup[];
}

/** Measures the CPU time of a request without sockets. The variants take turns, with a new process in each round. */
export async function measureInProcess(settings: Settings): Promise<InProcessResults> {
  await using nudge = await startVendor();
  const user = await signedInUser('HS256');
  const groups: InProcessGroup[] = [];
  for (const adapter of ADAPTERS) {
    const cpus: Record<InProcessVariant, number[]> = { unguarded: [], 'written directly': [], endpoint: [] };
    for (let round = 0; round < settings.processes; round += 1) {
      for (const variant of IN_PROCESS_VARIANTS) {
        await using server = await startServer(variant, { adapter, user, vendor: nudge.vendor, settings });
        for (let warmUp = 0; warmUp < WARM_UP_ROUNDS; warmUp += 1) {
          await server.ask(`in-process ${REQUESTS_A_ROUND} ${user.jwt}`);
        }
        cpus[variant].push(await server.ask<number>(`in-process ${REQUESTS_A_ROUND} ${user.jwt}`));
      }
    }
    groups.push({
      adapter,
      cpuMicrosecondsPerRequest: {
        unguarded: summarise(cpus.unguarded),
        'written directly': summarise(cpus['written directly']),
        endpoint: summarise(cpus.endpoint),
      },
      microsecondsOverCeiling: summarise(
        cpus.endpoint.map((value, round) => value - (cpus['written directly'][round] ?? Number.NaN)),
      ),
      ratioToUnguarded: ratioOf(cpus.unguarded, cpus.endpoint),
    });
  }
  return { algorithm: 'HS256', requestsPerRound: REQUESTS_A_ROUND, processes: settings.processes, groups };
}
