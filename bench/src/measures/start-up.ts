import { ServerProcess } from '../processes.js';
import type { Settings } from '../settings.js';
import { summarise, type Summary } from '../statistics.js';

export interface StartUpResults {
  /** Milliseconds from the start of the process until the application listens. */
  readonly withoutMs: Summary;
  readonly withMs: Summary;
  /** The milliseconds that the module adds, round by round. */
  readonly moduleMs: Summary;
  /** The milliseconds of the module's import in a process that has loaded Nest, axios and passport-jwt. */
  readonly importMs: Summary;
  /** The major version of Node that ran the applications. */
  readonly nodeMajor: number;
}

interface Boot {
  readonly listensAfterMs: number;
  readonly importMs: number;
}

async function boot(withModule: boolean): Promise<Boot> {
  await using server = await ServerProcess.start('boot', { withModule });
  return JSON.parse(server.url) as Boot;
}

/** Measures what the module adds to the start of an application with passport and Express. */
export async function measureStartUp({ isShort }: Settings): Promise<StartUpResults> {
  const without: number[] = [];
  const withIt: number[] = [];
  const imports: number[] = [];
  for (let round = -1; round < (isShort ? 5 : 15); round += 1) {
    const [bare, full] = [await boot(false), await boot(true)];
    // The first round only reads the files from the disk.
    if (round < 0) continue;
    without.push(bare.listensAfterMs);
    withIt.push(full.listensAfterMs);
    imports.push(full.importMs);
  }
  return {
    withoutMs: summarise(without),
    withMs: summarise(withIt),
    moduleMs: summarise(withIt.map((ms, round) => ms - (without[round] ?? Number.NaN))),
    importMs: summarise(imports),
    nodeMajor: Number.parseInt(process.versions.node, 10),
  };
}
