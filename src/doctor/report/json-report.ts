import type { CommandIo } from '../../common/command.js';
import type { CheckReport, RunListener } from '../run-checks.js';
import { Progress } from './progress.js';

/** Prints one JSON object for scripts when all checks have ended. */
export class JsonReport implements RunListener {
  readonly #io: CommandIo;
  readonly #progress: Progress;

  constructor(io: CommandIo) {
    this.#io = io;
    this.#progress = new Progress(io);
  }

  begun({ asks }: CheckReport['check']): void {
    this.#progress.show(asks);
  }

  ended(): void {
    this.#progress.clear();
  }

  summarise(reports: readonly CheckReport[], isOk: boolean): void {
    const checks = reports.map(({ check: { name }, finding: { status, detail, hint } }) => ({
      name,
      status,
      detail,
      hint: hint ?? null,
    }));
    this.#io.print(`${JSON.stringify({ ok: isOk, checks }, null, 2)}\n`);
  }

  stopped(): void {
    this.#progress.clear();
    this.#io.printError('Stopped.\n');
  }
}
