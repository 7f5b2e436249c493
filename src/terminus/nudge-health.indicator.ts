import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { HealthIndicatorService as TerminusService } from '#peers/@nestjs/terminus';
import { getNudgeTokenServiceToken } from '../service/inject-nudge-token-service.js';
import type { NudgeTokenService, NudgeTokenStatus } from '../service/nudge-token.service.js';

/**
 * Which tokens to check, and how strictly.
 *
 * @publicApi
 */
export interface NudgeHealthOptions {
  /** The `name` of the registration. Default: the registration without a name. */
  readonly name?: string;
  /** With the option `tenants`: the id of the tenant to check. Default: all tenants with requests in the last ten minutes. */
  readonly tenant?: string;
  /** `true` reports `down`, and so answers 503, while the module can serve no token. Default `false`: never `down`. */
  readonly strict?: boolean;
}

/**
 * Reports the state of a registration's tokens to `@nestjs/terminus` 11 or 12. It reads the status of the service: no check
 * calls Nudge or the store. Put it into the `providers` of the module that has the health controller.
 *
 * @example
 * check() {
 *   return this.health.check([() => this.nudge.check('nudge')]);
 * }
 *
 * @see docs/health.md
 *
 * @publicApi
 */
@Injectable()
export class NudgeHealthIndicator {
  readonly #moduleRef: ModuleRef;
  readonly #terminus: HealthIndicatorService;

  constructor(
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(TerminusService) terminus: HealthIndicatorService,
  ) {
    this.#moduleRef = moduleRef;
    this.#terminus = terminus;
  }

  /**
   * Returns `up`, or `degraded` while the module cannot renew or cannot serve tokens. terminus 11 has no such state: there
   * it returns `up` with `degraded: true`. With `strict` it returns `down` while the module can serve no token.
   *
   * @param key the name of the result in the answer.
   * @throws {Error} if no registration has the given name.
   */
  async check(
    key = 'nudge',
    { name, tenant, strict = false }: NudgeHealthOptions = {},
  ): Promise<HealthIndicatorResult> {
    const status = this.#serviceNamed(name).status({ tenant });
    const data = healthOf(status);
    const session = this.#terminus.check(key);
    if (strict && !status.canServe) return session.down(data);
    const someCannot = status.tenants !== undefined && status.tenants.cannotServe > 0;
    if (status.canServe && status.canRenew && !someCannot) return session.up(data);
    const knowsDegraded = typeof (session as { degraded?: unknown }).degraded === 'function';
    return knowsDegraded ? session.degraded(data) : session.up({ ...data, degraded: true });
  }

  #serviceNamed(name: string | undefined): NudgeTokenService {
    try {
      return this.#moduleRef.get<NudgeTokenService>(getNudgeTokenServiceToken(name), { strict: false });
    } catch (cause) {
      const which = name === undefined ? 'without a name' : `with the name "${name}"`;
      throw new Error(
        `NudgeHealthIndicator: no NudgeAuthModule ${which} is imported: import it, or give check() the name of one that is`,
        { cause },
      );
    }
  }
}

function healthOf(status: NudgeTokenStatus) {
  const [newest] = status.tokens;
  return {
    canServe: status.canServe,
    canRenew: status.canRenew,
    ...(status.renewalFailure !== undefined && { code: status.renewalFailure }),
    ...(newest !== undefined && { remainingMs: Math.max(0, newest.remainingMs) }),
    ...(status.nextAttemptInMs > 0 && { nextAttemptInMs: status.nextAttemptInMs }),
    ...(status.tenants !== undefined && { tenants: status.tenants }),
    fallbackInUse: status.fallbackInUse,
    store: !status.hasStore ? 'none' : status.storeAvailable ? 'available' : 'lost',
  } as const;
}
