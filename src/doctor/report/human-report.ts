import type { CommandIo } from '../../common/command.js';
import type { Check, CheckStatus } from '../check.js';
import type { CheckReport, RunListener } from '../run-checks.js';
import { MARKS, paintFor, type Paint } from './colours.js';
import { Progress } from './progress.js';
import { wrapped } from './wrapped.js';

const NAME_WIDTH = 20;
const TEXT_WIDTH = 80;
const INDENT = ' '.repeat(NAME_WIDTH + 6);

/** Prints a line for each check when it has ended, in groups, and a summary at the end. */
export class HumanReport implements RunListener {
  readonly #io: CommandIo;
  readonly #paint: Paint;
  readonly #progress: Progress;
  #group: string | undefined;

  constructor(io: CommandIo) {
    this.#io = io;
    this.#paint = paintFor(io);
    this.#progress = new Progress(io);
  }

  begun(check: Check): void {
    this.#progress.show(check.asks);
  }

  ended({ check, finding }: CheckReport): void {
    this.#progress.clear();
    if (check.group !== this.#group) this.#io.print(`\n${this.#paint('bold', check.group)}\n`);
    this.#group = check.group;
    const { sign, style } = MARKS[finding.status];
    const [first = '', ...more] = wrapped(finding.detail, TEXT_WIDTH);
    const lines = [`  ${this.#paint(style, sign)} ${check.name.padEnd(NAME_WIDTH)}  ${first}`];
    lines.push(...more.map((line) => `${INDENT}${line}`));
    const [remedy, ...rest] = finding.hint === undefined ? [] : wrapped(finding.hint, TEXT_WIDTH - 2);
    if (remedy !== undefined) lines.push(`${INDENT}→ ${remedy}`, ...rest.map((line) => `${INDENT}  ${line}`));
    this.#io.print(`${lines.join('\n')}\n`);
  }

  summarise(reports: readonly CheckReport[]): void {
    const count = (status: CheckStatus): number =>
      reports.filter(({ finding }) => finding.status === status).length;
    const counted = [
      plural(count('fail'), 'failure'),
      plural(count('warn'), 'warning'),
      `${count('pass')} passed`,
      `${count('skip')} skipped`,
    ];
    this.#io.print(`\n${counted.join(', ')}.\n`);
  }

  stopped(): void {
    this.#progress.clear();
    this.#io.printError('Stopped.\n');
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
