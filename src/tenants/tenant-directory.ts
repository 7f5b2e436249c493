import type { Clock, Instant } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import { closing } from '../cache/renewals.js';
import type { LogSink } from '../telemetry/log-lines.js';
import { timeout } from '../vendor/call-refusal.js';
import type { ConfigRequests } from './config-requests.js';
import type { KnownTenants } from './known-tenants.js';
import type { RefusedTenants } from './refused-tenants.js';
import { UnusableConfig, type TenantAccount } from './tenant-account.js';
import type { Tenant } from './tenant.js';

/** A tenant that has just been made must not wait for long, nor be asked for with every request. */
const REFUSED_FOR_MS = 10 * SECOND_MS;

interface Asking {
  readonly settled: Promise<void>;
}

export interface TenantDirectoryParts {
  readonly known: KnownTenants;
  readonly refused: RefusedTenants;
  readonly requests: ConfigRequests;
  /** @throws {UnusableConfig} for what is no account. */
  readonly accountOf: (config: unknown) => TenantAccount;
  readonly create: (id: string, account: TenantAccount) => Tenant;
  readonly logOf: (id: string) => LogSink;
  readonly configTtlMs: number;
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** Knows the tenants: asks the host for their configs, each in one flight, and takes the answers in. */
export class TenantDirectory {
  readonly #parts: TenantDirectoryParts;
  readonly #asking = new Map<string, Asking>();
  #isClosed = false;

  constructor(parts: TenantDirectoryParts) {
    this.#parts = parts;
  }

  /** A tenant with a config that may serve: its next config is asked for behind the caller. */
  find(id: string): Tenant | undefined {
    const tenant = this.#parts.known.find(id);
    if (tenant === undefined) return undefined;
    const now = this.#parts.clock.now();
    if (!tenant.isServable(now)) return undefined;
    tenant.askedAt = now;
    if (tenant.isConfigDue(now)) void this.#ask(id);
    return tenant;
  }

  /**
   * A tenant whose config has to be asked for first.
   *
   * @throws {NudgeAuthError} `NUDGE_UNKNOWN_TENANT`, or `NUDGE_TENANT_UNAVAILABLE` when its config cannot be had.
   */
  async resolve(id: string, begunAt?: Instant): Promise<Tenant> {
    const { clock, deadlineMs, refused } = this.#parts;
    const deadline = new Deadline(clock, deadlineMs, begunAt);
    for (;;) {
      if (this.#isClosed) throw closing();
      const tenant = this.find(id);
      if (tenant !== undefined) return tenant;
      const refusal = refused.refusalOf(id);
      if (refusal !== undefined) throw refusal;
      if (deadline.remainingMs() === 0) throw timeout();
      await deadline.race(this.#ask(id), () => unavailable('its config did not come in time'));
    }
  }

  /** Asks for a config anew, whatever is known or being asked. Resolves when the answer has been taken in. */
  async askAnew(id: string): Promise<void> {
    if (this.#isClosed) return;
    this.#parts.refused.forget(id);
    this.#asking.delete(id);
    await this.#ask(id);
  }

  /** Resolves when everything under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#asking.values()].map(({ settled }) => settled));
    await this.#parts.known.close();
  }

  /** Never rejects: what came of it is known afterwards. */
  #ask(id: string): Promise<void> {
    const before = this.#asking.get(id);
    if (before !== undefined) return before.settled;
    const { requests } = this.#parts;
    const isLatest = (): boolean => this.#asking.get(id) === asking;
    const takeIn = async (): Promise<void> => {
      try {
        const config = await requests.ask(id);
        // An answer that was overtaken says how it was, not how it is.
        if (isLatest()) this.#take(id, config);
      } catch (error) {
        if (isLatest()) this.#failed(id, error);
      } finally {
        if (isLatest()) this.#asking.delete(id);
      }
    };
    const asking: Asking = { settled: takeIn() };
    this.#asking.set(id, asking);
    return asking.settled;
  }

  #take(id: string, config: unknown): void {
    const { known, refused, accountOf, create, logOf } = this.#parts;
    if (config === undefined || config === null) {
      this.#refuse(id, unknownTenant());
      return;
    }
    try {
      const account = accountOf(config);
      refused.forget(id);
      const tenant = known.peek(id);
      if (tenant === undefined) known.add(create(id, account));
      else tenant.adopt(account);
    } catch (error) {
      if (!(error instanceof UnusableConfig)) throw error;
      logOf(id).error(`the config that tenants.config returned ${error.message}. Its users get no token`);
      this.#refuse(id, unavailable('its config is of no use'));
    }
  }

  /** No token for it, also not to those who are waiting for one. */
  #refuse(id: string, reason: NudgeAuthError): void {
    const { known, refused, configTtlMs } = this.#parts;
    refused.refuseFor(id, reason, Math.min(REFUSED_FOR_MS, configTtlMs));
    const tenant = known.peek(id);
    known.remove(id);
    void tenant?.dismiss(reason);
  }

  #failed(id: string, error: unknown): void {
    const { known, refused, logOf, clock } = this.#parts;
    // What the host's function throws may quote a secret: its kind alone goes further.
    const kind = error instanceof Error ? error.constructor.name : typeof error;
    const forMs = refused.backOff(id, unavailable(`tenants.config failed (${kind})`));
    const tenant = known.peek(id);
    tenant?.configBackoff.fail({ atLeastMs: forMs });
    const now = clock.now();
    const isServed = tenant?.isServable(now) === true;
    const then = isServed ? 'The last config serves for an hour' : 'Its users get no token';
    logOf(id).warn(
      `tenants.config failed (${kind}). ${then}; it is asked for again in ${Math.ceil(forMs / SECOND_MS)} s`,
    );
  }
}

function unknownTenant(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNKNOWN_TENANT', 'tenants.config knows no such tenant');
}

function unavailable(reason: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_TENANT_UNAVAILABLE', `No token for the tenant: ${reason}`);
}
