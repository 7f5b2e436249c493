import type { Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { inOwnContext } from '../common/own-context.js';
import type { TenantConfig } from '../options/tenants.options.js';

/** The limit of questions to the host's database at once, however many users come. */
const MOST_AT_ONCE = 20;

/** The host did not return the config in time. */
export class LateConfig extends Error {}

/** Asks the host for the configs of tenants: a limited number at once, each within the deadline. */
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
   * Returns the host's config of a tenant, unchecked.
   *
   * @throws {LateConfig} if it takes longer than the deadline. It also passes on what the host's function throws.
   */
  async ask(tenant: string): Promise<unknown> {
    const deadline = new Deadline(this.#clock, this.#deadlineMs);
    await this.#place(deadline);
    try {
      // In the module's own context: the config is for all callers, so it must not depend on one caller's CLS or trace.
      const answer = inOwnContext(async () => this.#config(tenant));
      return await deadline.race(answer, () => new LateConfig());
    } finally {
      // A question that hangs frees its place here, so that twenty of them do not block all others.
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
