import type { Clock, Instant } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { errorKindOf } from '../common/error-kind.js';
import { NudgeAuthError } from '../common/errors.js';
import { closing } from '../cache/renewals.js';
import type { LogSink } from '../telemetry/log-lines.js';
import { timeout } from '../vendor/failures.js';
import type { ConfigRequests } from './config-requests.js';
import type { KnownTenants } from './known-tenants.js';
import type { RefusedTenants } from './refused-tenants.js';
import { UnusableConfig, type TenantAccount } from './tenant-account.js';
import type { Tenant } from './tenant.js';

/** Short, because the tenant may have just been created; long enough not to ask the host with every request. */
const REFUSED_FOR_MS = 10 * SECOND_MS;

interface Asking {
  readonly settled: Promise<void>;
}

export interface TenantDirectoryParts {
  readonly known: KnownTenants;
  readonly refused: RefusedTenants;
  readonly requests: ConfigRequests;
  /** @throws {UnusableConfig} if the config describes no account. */
  readonly accountOf: (config: unknown) => TenantAccount;
  readonly create: (id: string, account: TenantAccount) => Tenant;
  readonly logOf: (id: string) => LogSink;
  readonly configTtlMs: number;
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** Finds tenants by id. It asks the host for their configs, one question at a time per tenant, and applies the answers. */
export class TenantDirectory {
  readonly #parts: TenantDirectoryParts;
  readonly #asking = new Map<string, Asking>();
  #isClosed = false;

  constructor(parts: TenantDirectoryParts) {
    this.#parts = parts;
  }

  /** A tenant whose config is young enough to use. If the config is due for renewal, the host is asked for a new one in the background. */
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
   * Asks for the config of a tenant and returns the tenant.
   *
   * @throws {NudgeAuthError} `NUDGE_UNKNOWN_TENANT`, or `NUDGE_TENANT_UNAVAILABLE` if the host gives no usable config.
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

  /** Asks for a config anew, also if one is known or a question is under way. Resolves when the answer has been applied. */
  async askAnew(id: string): Promise<void> {
    if (this.#isClosed) return;
    this.#parts.refused.forget(id);
    this.#asking.delete(id);
    await this.#ask(id);
  }

  /** Resolves when all work under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#asking.values()].map(({ settled }) => settled));
    await this.#parts.known.close();
  }

  /** Never rejects: the result is in the known or the refused tenants afterwards. */
  #ask(id: string): Promise<void> {
    const before = this.#asking.get(id);
    if (before !== undefined) return before.settled;
    const { requests } = this.#parts;
    const isLatest = (): boolean => this.#asking.get(id) === asking;
    const askAndApply = async (): Promise<void> => {
      try {
        const config = await requests.ask(id);
        // The answer to an earlier question is out of date once a later one is under way.
        if (isLatest()) this.#apply(id, config);
      } catch (error) {
        if (isLatest()) this.#failed(id, error);
      } finally {
        if (isLatest()) this.#asking.delete(id);
      }
    };
    const asking: Asking = { settled: askAndApply() };
    this.#asking.set(id, asking);
    return asking.settled;
  }

  #apply(id: string, config: unknown): void {
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
      this.#refuse(id, unavailable('its config is not usable'));
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
    // An error of the host's function may quote a secret, so only its kind is passed on.
    const kind = errorKindOf(error);
    const forMs = refused.backOff(id, unavailable(`tenants.config failed (${kind})`));
    const tenant = known.peek(id);
    tenant?.configBackoff.fail({ atLeastMs: forMs });
    const now = clock.now();
    const isServed = tenant?.isServable(now) === true;
    const consequence = isServed ? 'The last config is used for an hour' : 'Its users get no token';
    logOf(id).warn(
      `tenants.config failed (${kind}). ${consequence}; the module asks again in ${Math.ceil(forMs / SECOND_MS)} s`,
    );
  }
}

function unknownTenant(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNKNOWN_TENANT', 'tenants.config knows no such tenant');
}

function unavailable(reason: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_TENANT_UNAVAILABLE', `No token for the tenant: ${reason}`);
}
