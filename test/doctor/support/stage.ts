import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command, CommandIo } from '../../../src/common/command.js';
import type { DoctorMachine } from '../../../src/doctor/context.js';
import { doctorCommandOn } from '../../../src/doctor/commands/doctor-command.js';
import { NudgeEmulator } from '../../../src/emulator/index.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { Canaries } from '../../support/canaries.js';
import { lookupHere, wireTls } from '../../support/wire.js';

export const PRIVATE_KEY = 'canary-nudge-key-0123456789';
export const SECOND_KEY = 'canary-second-key-0123456789';
export const PUBLIC_KEY = 'canary-public-key-0123456789';
export const PLACEHOLDER = 'change-me-canary-0123456789';
export const SHORT_KEY = 'canary-short';

export interface Found {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly hint: string | null;
}

export interface Diagnosis {
  readonly exitCode: number;
  readonly isOk: boolean;
  readonly checks: readonly Found[];
}

export interface CommandRun {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** Matches every JWT. */
const JWT = /eyJ[\w-]{10,}\.[\w-]+/;

/** The machine and the environment that a test prepares and the doctor checks. */
export class Stage {
  readonly canaries = new Canaries().plant('key', PRIVATE_KEY).plant('second key', SECOND_KEY);
  readonly environment: NodeJS.ProcessEnv = {};
  readonly argv: string[] = [];
  input = '';
  machine: DoctorMachine;
  readonly #undo: (() => unknown)[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'nudge-auth-doctor-'));

  private constructor(
    readonly nudge: NudgeEmulator,
    readonly clock: ManualClock,
  ) {
    this.machine = {
      clock,
      nodeVersion: process.versions.node,
      workingDirectory: this.#folder,
      lookup: lookupHere,
      certificateAuthorities: wireTls.cert,
      loadRedisClient: () => import('../../../src/redis/own-client.js'),
    };
    this.atEnd(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Starts a healthy setup: an emulator in place of Nudge, and the two variables that point to it. */
  static async start(): Promise<Stage> {
    const apiKeys = [PRIVATE_KEY, SECOND_KEY, PLACEHOLDER, SHORT_KEY];
    // The emulator and the doctor share one clock, so that the time differs only if a setup changes it.
    const clock = new ManualClock(Date.now());
    const nudge = await NudgeEmulator.start({ apiKeys, publicKeys: [PUBLIC_KEY], clock });
    const stage = new Stage(nudge, clock);
    stage.atEnd(() => nudge.stop());
    Object.assign(stage.environment, { NUDGE_API_KEY: PRIVATE_KEY, NUDGE_BASE_URL: nudge.url });
    return stage;
  }

  atEnd(work: () => unknown): void {
    this.#undo.unshift(work);
  }

  /** Registers a part that the stage closes at its end. */
  use<T extends AsyncDisposable>(part: T): T {
    this.atEnd(() => part[Symbol.asyncDispose]());
    return part;
  }

  /** Sets a variable that libraries read from the process. */
  setProcessVariable(name: string, value: string): void {
    const before = process.env[name];
    process.env[name] = value;
    this.environment[name] = value;
    this.atEnd(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }

  /** Writes a file into the folder of the application. */
  writeFile(path: string, content: string): string {
    const file = join(this.#folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Runs the doctor with `--json` and returns its result. Fails if the output holds a secret. */
  async diagnose(meanwhile: () => Promise<void> = async () => {}): Promise<Diagnosis> {
    const running = this.run(doctorCommandOn(this.machine), ['--json', ...this.argv]);
    await meanwhile();
    const { exitCode, output } = await running;
    const { ok, checks } = JSON.parse(output) as { ok: boolean; checks: Found[] };
    return { exitCode, isOk: ok, checks };
  }

  /** Runs a command on this stage, by default on a terminal. Fails if the output holds a secret. */
  async run(command: Command, argv: readonly string[], io: Partial<CommandIo> = {}): Promise<CommandRun> {
    let output = '';
    let errors = '';
    const exitCode = await command.run(argv, {
      print: (text) => (output += text),
      printError: (text) => (errors += text),
      untilStopped: () => new Promise(() => {}),
      readInput: () => Promise.resolve(this.input),
      environment: this.environment,
      isTerminal: { output: true, errors: true },
      ...io,
    });
    const allOutput = output + errors;
    const mayShow = argv.includes('--show');
    const leaks = [
      ...this.canaries.foundIn(allOutput),
      ...(JWT.test(allOutput) && !mayShow ? ['a JWT'] : []),
    ];
    if (leaks.length > 0) throw new Error(`The command printed ${leaks.join(' and ')}: ${allOutput}`);
    if (this.nudge.requests.some(({ path }) => path === '/redirect-target')) {
      throw new Error('The call followed a redirect');
    }
    return { exitCode, output, errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const work of this.#undo) await work();
  }
}

/** A broken setup, the checks that must report it, and the text that they must print. */
export interface BrokenSetup {
  readonly title: string;
  /** The status of every check that must fail or warn. All other checks must not. */
  readonly shows: Readonly<Record<string, 'fail' | 'warn'>>;
  /** Must match the detail and the hint of each of these checks. */
  readonly says: RegExp;
  /** Breaks the healthy setup. May return a function that the test calls while the doctor runs. */
  breakIt(stage: Stage): void | (() => Promise<void>) | Promise<void | (() => Promise<void>)>;
}
