import type { Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { inOwnContext } from '../common/own-context.js';
import type { TenantConfig } from '../options/tenants.options.js';

/** The host's database is not asked for all tenants at once, however many users come. */
const MOST_AT_ONCE = 20;

/** The config did not come in time. */
export class LateConfig extends Error {}

/** Asks the host for the configs of tenants, a few at once and each within the deadline. */
export class ConfigRequests {
  readonly #config: (tenantId: string) => TenantConfig | undefined | Promise<TenantConfig | undefined>;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  constructor(
    config: (tenantId: string) => TenantConfig | undefined | Promise<TenantConfig | undefined>,
    deadlineMs: number,
    clock: Clock,
  ) {
    this.#config = config;
    this.#deadlineMs = deadlineMs;
    this.#clock = clock;
  }

  /**
   * What the host says of a tenant, unchecked.
   *
   * @throws {LateConfig} when that takes longer than the deadline, or whatever the host's function throws.
   */
  async ask(tenant: string): Promise<unknown> {
    const deadline = new Deadline(this.#clock, this.#deadlineMs);
    await this.#place(deadline);
    try {
      // What one caller's request set (CLS, a trace) must not be seen: others get the answer, too.
      const answer = inOwnContext(async () => this.#config(tenant));
      return await deadline.race(answer, () => new LateConfig());
    } finally {
      // One that hangs is given up, so that twenty of them do not bar the way for all others.
      this.#underWay -= 1;
      const [next] = this.#waiting;
      next?.();
    }
  }

  async #place(deadline: Deadline): Promise<void> {
    if (this.#underWay >= MOST_AT_ONCE) {
      let free: () => void = () => undefined;
      const turn = new Promise<void>((resolve) => {
        free = () => {
          this.#waiting.delete(free);
          this.#underWay += 1;
          resolve();
        };
      });
      this.#waiting.add(free);
      await deadline.race(turn, () => {
        this.#waiting.delete(free);
        return new LateConfig();
      });
      return;
    }
    this.#underWay += 1;
  }
}
