import type { Provider } from '@nestjs/common';
import type { Clock, Random } from '../common/clock.js';
import {
  NUDGE_AUTH_OPTIONS,
  NUDGE_AUTH_REGISTRATION,
  NUDGE_CLOCK,
  NUDGE_RANDOM,
  NUDGE_TOKEN_SOURCE,
} from '../common/injection-tokens.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { HostLogger } from '../service/host-logger.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { createTenants } from '../tenants/create-tenants.js';
import { Tenants } from '../tenants/tenants.js';
import type { TokenSource } from '../vendor/token-source.js';
import { createTokenSource } from './create-token-source.js';
import { subjectOf } from './module-definition.js';

/** Provides the tenants of a registration, or `undefined` if the registration has one account. */
export const tenantsProvider: Provider = {
  provide: Tenants,
  inject: [
    NUDGE_AUTH_OPTIONS,
    NUDGE_AUTH_REGISTRATION,
    NUDGE_TOKEN_SOURCE,
    NudgeAuthEvents,
    NUDGE_CLOCK,
    NUDGE_RANDOM,
  ],
  useFactory: (
    options: ResolvedNudgeAuthOptions,
    { name }: NudgeAuthRegistration,
    source: TokenSource,
    events: NudgeAuthEvents,
    clock: Clock,
    random: Random,
  ): Tenants | undefined => {
    const { tenants, baseUrl, http, scope, cache, store, budget, defaultExpiryMins } = options;
    const sourceOf = (url: string): TokenSource =>
      url === baseUrl ? source : createTokenSource(url, http, clock);
    return (
      tenants &&
      createTenants({
        tenants,
        sourceOf,
        store,
        options: { ...cache, ...http, scope, storeScope: [name ?? ''] },
        defaults: { baseUrl, defaultExpiryMins },
        callsPerMinute: budget.callsPerMinute,
        events,
        log: new HostLogger(subjectOf(name)),
        clock,
        random,
      })
    );
  },
};
