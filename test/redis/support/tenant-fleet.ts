import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TenantAnswer, TenantAppConfig, TenantPodCommand } from './tenant-pod-protocol.js';

/** Controls a process that serves tenants from its parent. */
class TenantPod {
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (value: unknown) => void>();
  readonly #booted: Promise<unknown>;
  #lastId = 0;

  constructor(entryPoint: string) {
    this.#child = fork(entryPoint, {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#booted = new Promise((resolve) => this.#answers.set(0, resolve));
    this.#child.on('message', ({ id, value }: { id: number; value?: unknown }) => {
      this.#answers.get(id)?.(value);
      this.#answers.delete(id);
    });
  }

  async booted(): Promise<void> {
    await this.#booted;
  }

  tell(command: TenantPodCommand): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#child.send({ id, command });
    });
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** Several processes that serve tenants and share a Redis. */
export class TenantFleet {
  readonly #pods: readonly TenantPod[];

  private constructor(pods: readonly TenantPod[]) {
    this.#pods = pods;
  }

  static async boot(size: number, entryPoint: string): Promise<TenantFleet> {
    const pods = Array.from({ length: size }, () => new TenantPod(entryPoint));
    await Promise.all(pods.map((pod) => pod.booted()));
    return new TenantFleet(pods);
  }

  async start(app: string, config: TenantAppConfig): Promise<void> {
    await this.#tellAll({ do: 'start', app, config });
  }

  /** Lets all users of all tenants ask every process at once, and returns the answers. */
  async ask(
    app: string,
    tenants: readonly string[],
    users: readonly string[] = ['any-user'],
  ): Promise<TenantAnswer[]> {
    const answers = await this.#tellAll({ do: 'ask', app, tenants, users });
    return (answers as TenantAnswer[][]).flat();
  }

  /** Gives every process another key of the tenant. */
  async setKey(tenant: string, apiKey: string): Promise<void> {
    await this.#tellAll({ do: 'set-key', tenant, apiKey });
  }

  /** Lets one process invalidate all tokens of a tenant. */
  async invalidate(app: string, tenant: string): Promise<void> {
    await this.#pods[0]?.tell({ do: 'invalidate', app, tenant });
  }

  /** Whether every process can use its store. */
  async hasStore(app: string): Promise<boolean> {
    return (await this.#tellAll({ do: 'has-store', app })).every((hasStore) => hasStore === true);
  }

  /** How often any process has gone on without its store. */
  async countLosses(app: string): Promise<number> {
    const counts = await this.#tellAll({ do: 'count-losses', app });
    return counts.map(Number).reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pods.map((pod) => pod.end()));
  }

  #tellAll(command: TenantPodCommand): Promise<unknown[]> {
    return Promise.all(this.#pods.map((pod) => pod.tell(command)));
  }
}
