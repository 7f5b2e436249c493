import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { NudgeTokenStatus } from '../../../src/service/nudge-token.service.js';
import type { PodCommand, PodConfig, PodReport, Tally } from './pod-protocol.js';
import { until } from './until.js';

/** Controls a process of the fleet from its parent. */
class PodProcess {
  readonly lines: string[] = [];
  /** The number of requests that the process has sent to Nudge. */
  calls = 0;
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (value: unknown) => void>();
  readonly #booted: Promise<unknown>;
  #lastId = 0;
  #onCall: (pod: PodProcess) => void = () => undefined;

  constructor(entryPoint: string) {
    this.#child = fork(entryPoint, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#booted = new Promise((resolve) => this.#answers.set(0, resolve));
    this.#child.on('message', (report: PodReport) => this.#receive(report));
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  set onCall(listener: (pod: PodProcess) => void) {
    this.#onCall = listener;
  }

  /** Resolves when the process has loaded its code, so that it runs the next command at once. */
  async booted(): Promise<void> {
    await this.#booted;
  }

  async go(config: PodConfig): Promise<Tally | undefined> {
    return (await this.#tell({ do: 'go', config })) as Tally | undefined;
  }

  async ask(callers: number, forceRefresh = false): Promise<Tally> {
    return (await this.#tell({ do: 'ask', callers, forceRefresh })) as Tally;
  }

  async load(everyMs: number, callers: number): Promise<void> {
    await this.#tell({ do: 'load', everyMs, callers });
  }

  /** The results of the load's callers since the last call. */
  async tally(): Promise<Tally> {
    return (await this.#tell({ do: 'tally' })) as Tally;
  }

  async status(): Promise<NudgeTokenStatus> {
    return (await this.#tell({ do: 'status' })) as NudgeTokenStatus;
  }

  async token(): Promise<string> {
    return (await this.#tell({ do: 'token' })) as string;
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  async end(): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Closes the application in the process, as a deployment does. */
  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    await this.#tell({ do: 'close' });
    await exited;
  }

  #tell(command: PodCommand): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#child.send({ id, command });
    });
  }

  #receive(report: PodReport): void {
    if (report.type === 'log') this.lines.push(report.line);
    else if (report.type === 'calling') {
      this.calls += 1;
      this.#onCall(this);
    } else {
      this.#answers.get(report.id)?.(report.value);
      this.#answers.delete(report.id);
    }
  }
}

/** Several processes that share a Redis. */
export class Fleet {
  private constructor(readonly pods: readonly PodProcess[]) {}

  static async boot(size: number, entryPoint: string): Promise<Fleet> {
    const pods = Array.from({ length: size }, () => new PodProcess(entryPoint));
    await Promise.all(pods.map((pod) => pod.booted()));
    return new Fleet(pods);
  }

  get alive(): PodProcess[] {
    return this.pods.filter((pod) => pod.isAlive);
  }

  go(config: PodConfig): Promise<(Tally | undefined)[]> {
    return Promise.all(this.pods.map((pod) => pod.go(config)));
  }

  async load(everyMs: number, callers: number): Promise<void> {
    await Promise.all(this.alive.map((pod) => pod.load(everyMs, callers)));
  }

  tallies(): Promise<Tally[]> {
    return Promise.all(this.alive.map((pod) => pod.tally()));
  }

  statuses(): Promise<NudgeTokenStatus[]> {
    return Promise.all(this.alive.map((pod) => pod.status()));
  }

  /** Resolves when every process can use the shared store. */
  async untilConnected(): Promise<void> {
    await until(
      'every process can use the store',
      async () => (await this.statuses()).every(({ storeAvailable }) => storeAvailable),
      30_000,
    );
  }

  /** Resolves with the next process that calls Nudge, at the moment of the call. */
  nextCaller(): Promise<PodProcess> {
    return new Promise((resolve) => {
      for (const pod of this.pods) {
        pod.onCall = (caller) => {
          for (const other of this.pods) other.onCall = () => undefined;
          resolve(caller);
        };
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod.end()));
  }
}

/** Adds the tallies up. */
export function sum(tallies: readonly (Tally | undefined)[]): Tally {
  const total: Tally = { served: 0, failures: {}, slowestMs: 0, tokens: [] };
  for (const tally of tallies) {
    if (tally === undefined) continue;
    total.served += tally.served;
    total.slowestMs = Math.max(total.slowestMs, tally.slowestMs);
    for (const [code, count] of Object.entries(tally.failures)) {
      total.failures[code] = (total.failures[code] ?? 0) + count;
    }
    total.tokens = [...new Set([...total.tokens, ...tally.tokens])];
  }
  return total;
}
