import type { CommandIo } from '../../common/command.js';

const CLEAR_LINE = '\r\u001B[2K';

/** Shows on a terminal which check is running, on a line that it clears later. */
export class Progress {
  readonly #io: CommandIo;

  constructor(io: CommandIo) {
    this.#io = io;
  }

  show(asks: string): void {
    if (this.#io.isTerminal.errors) this.#io.printError(`${CLEAR_LINE}… ${asks}`);
  }

  clear(): void {
    if (this.#io.isTerminal.errors) this.#io.printError(CLEAR_LINE);
  }
}
