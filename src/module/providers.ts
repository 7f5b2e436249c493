import type { Provider } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { AuditTrail } from '../audit/audit-trail.js';
import { createTokenCache } from '../cache/create-token-cache.js';
import { storeSecrets } from '../store/store-secrets.js';
import { TokenCache } from '../cache/token-cache.js';
import { systemClock, type Clock, type Random } from '../common/clock.js';
import { errorKindOf } from '../common/error-kind.js';
import { Sealed } from '../common/sealed.js';
import { HostFunctions } from '../user-auth/host-functions.js';
import { UserAuthentication } from '../user-auth/user-authentication.js';
import type { RefusalListener } from '../user-auth/user-jwt-check.js';
import { createUserJwtVerifier, type UserJwtVerifier } from '../user-auth/user-jwt-verifier.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import {
  NUDGE_AUTH_OPTIONS,
  NUDGE_AUTH_REGISTRATION,
  NUDGE_CLOCK,
  NUDGE_RANDOM,
  NUDGE_TOKEN_SOURCE,
  NUDGE_USER_VERIFIER,
} from '../common/injection-tokens.js';
import { createTokenSource } from './create-token-source.js';
import { MODULE_OPTIONS_TOKEN, subjectOf } from './module-definition.js';
import { tenantsProvider } from './tenants-provider.js';
import { StaticOptionsCheck } from './static-options-check.js';
import type { NudgeAuthOptions } from '../options/nudge-auth.options.js';
import { resolveNudgeAuthOptions, type ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { HostLogger } from '../service/host-logger.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';
import { ApiKeys } from '../vendor/api-keys.js';
import type { TokenSource } from '../vendor/token-source.js';
import { affectsAllTokens } from '../vendor/failures.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { LogLines } from '../telemetry/log-lines.js';
import { StatusBoard } from '../telemetry/status-board.js';

/** The providers of one registration. Registrations share none of them. */
export const nudgeAuthProviders: Provider[] = [
  { provide: NUDGE_CLOCK, useValue: systemClock },
  { provide: NUDGE_RANDOM, useValue: Math.random },
  {
    provide: NudgeAuthEvents,
    inject: [NUDGE_AUTH_REGISTRATION],
    useFactory: ({ name }: NudgeAuthRegistration) =>
      new NudgeAuthEvents(name, (error) => {
        new HostLogger(subjectOf(name)).warn(
          `A listener given to NudgeTokenService.subscribe() failed (${errorKindOf(error)}); no token depends on it. Mend the listener: ` +
            'its further failures are not logged',
        );
      }),
  },
  {
    provide: NUDGE_AUTH_OPTIONS,
    inject: [MODULE_OPTIONS_TOKEN, NUDGE_AUTH_REGISTRATION],
    useFactory: (options: Sealed<NudgeAuthOptions>, { name }: NudgeAuthRegistration) =>
      resolveNudgeAuthOptions(options.open(), subjectOf(name)),
  },
  {
    provide: NUDGE_TOKEN_SOURCE,
    inject: [NUDGE_AUTH_OPTIONS, NUDGE_CLOCK],
    useFactory: ({ baseUrl, http }: ResolvedNudgeAuthOptions, clock: Clock) =>
      createTokenSource(baseUrl, http, clock),
  },
  {
    provide: TokenCache,
    inject: [
      NUDGE_TOKEN_SOURCE,
      NUDGE_AUTH_OPTIONS,
      NUDGE_AUTH_REGISTRATION,
      NudgeAuthEvents,
      NUDGE_CLOCK,
      NUDGE_RANDOM,
    ],
    useFactory: (
      source: TokenSource,
      { apiKey, fallbackApiKey, store, cache, scope, baseUrl, http, budget }: ResolvedNudgeAuthOptions,
      { name }: NudgeAuthRegistration,
      events: NudgeAuthEvents,
      clock: Clock,
      random: Random,
    ) =>
      // Without an API key there are tenants, and each tenant has its own cache.
      apiKey &&
      createTokenCache({
        source,
        apiKeys: new ApiKeys({ primary: apiKey, fallback: fallbackApiKey }, events, clock),
        store,
        storeUser: {
          registration: name ?? '',
          secrets: () => storeSecrets([apiKey, fallbackApiKey], clock),
        },
        options: {
          ...cache,
          scope,
          ...http,
          storeScope: [name ?? '', baseUrl],
        },
        origin: new URL(baseUrl).origin,
        callsPerMinute: budget.callsPerMinute,
        events,
        clock,
        random,
      }),
  },
  tenantsProvider,
  {
    provide: StatusBoard,
    inject: [NudgeAuthEvents, NUDGE_CLOCK, NUDGE_AUTH_OPTIONS],
    useFactory: (events: NudgeAuthEvents, clock: Clock, { userJwt, scope }: ResolvedNudgeAuthOptions) =>
      new StatusBoard(events, clock, {
        hasJwks: userJwt?.jwksUri !== undefined,
        affectsAllTokens: (code) => affectsAllTokens(code, scope),
      }),
  },
  {
    provide: LogLines,
    inject: [NudgeAuthEvents, NUDGE_AUTH_REGISTRATION, NUDGE_CLOCK],
    useFactory: (events: NudgeAuthEvents, { name }: NudgeAuthRegistration, clock: Clock) =>
      new LogLines(events, new HostLogger(subjectOf(name)), clock),
  },
  {
    provide: NUDGE_USER_VERIFIER,
    inject: [NUDGE_AUTH_OPTIONS, NudgeAuthEvents, NUDGE_AUTH_REGISTRATION, NUDGE_CLOCK],
    useFactory: (
      { userJwt }: ResolvedNudgeAuthOptions,
      events: NudgeAuthEvents,
      { name }: NudgeAuthRegistration,
      clock: Clock,
    ) => {
      const logger = new HostLogger(subjectOf(name));
      const tellRefusal: RefusalListener = (reason) => logger.debug(`A user's JWT is refused: ${reason}`);
      return userJwt && createUserJwtVerifier(userJwt, { clock, events, tellRefusal });
    },
  },
  {
    provide: HostFunctions,
    inject: [NUDGE_AUTH_REGISTRATION, NUDGE_CLOCK],
    useFactory: ({ name }: NudgeAuthRegistration, clock: Clock) =>
      new HostFunctions(new HostLogger(subjectOf(name)), clock),
  },
  {
    provide: UserAuthentication,
    inject: [
      NUDGE_AUTH_REGISTRATION,
      NUDGE_AUTH_OPTIONS,
      NUDGE_USER_VERIFIER,
      ModulesContainer,
      HttpAdapterHost,
      HostFunctions,
      NUDGE_CLOCK,
      NUDGE_RANDOM,
    ],
    useFactory: (
      registration: NudgeAuthRegistration,
      options: ResolvedNudgeAuthOptions,
      verifier: UserJwtVerifier | undefined,
      modules: ModulesContainer,
      adapterHost: HttpAdapterHost,
      hostFunctions: HostFunctions,
      clock: Clock,
      random: Random,
    ) =>
      new UserAuthentication({
        registration,
        options,
        verifier,
        modules,
        adapterHost,
        hostFunctions,
        clock,
        random,
      }),
  },
  {
    provide: AuditTrail,
    inject: [NUDGE_AUTH_OPTIONS, NUDGE_AUTH_REGISTRATION, NudgeAuthEvents, NUDGE_CLOCK],
    useFactory: (
      { audit, scope }: ResolvedNudgeAuthOptions,
      { name }: NudgeAuthRegistration,
      events: NudgeAuthEvents,
      clock: Clock,
    ) => {
      const log = new HostLogger(subjectOf(name));
      return audit && new AuditTrail({ audit, registration: name ?? 'default', scope, events, clock, log });
    },
  },
  NudgeTokenService,
  StaticOptionsCheck,
];
