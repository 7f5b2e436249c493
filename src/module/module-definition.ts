import { ConfigurableModuleBuilder, type DynamicModule, type Provider } from '@nestjs/common';
import { Sealed } from '../common/sealed.js';
import { checkOptions } from '../options/check-options.js';
import { resolveEndpointOptions, type NudgeAuthRegistration } from '../options/endpoint.options.js';
import { moduleExtrasSchema, type NudgeAuthExtras } from '../options/module-extras.options.js';
import { createNudgeTokenController } from '../endpoint/nudge-token.controller.js';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import type { NudgeAuthOptions } from '../options/nudge-auth.options.js';
import { getNudgeTokenServiceToken } from '../service/inject-nudge-token-service.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';
import { noteImportedModule } from '../service/second-copy.js';
import { userAuthenticationToken } from '../user-auth/nudge-user.guard.js';
import { UserAuthentication } from '../user-auth/user-authentication.js';

/** Named one by one: Nest's builder drops from the options only what is a key here, `undefined` included. */
export const EXTRAS: Readonly<Record<keyof NudgeAuthExtras, undefined>> = {
  isGlobal: undefined,
  imports: undefined,
  name: undefined,
  endpoint: undefined,
};

/** How a registration is called in messages. */
export function subjectOf(name: string | undefined): string {
  return name === undefined ? 'NudgeAuthModule' : `NudgeAuthModule "${name}"`;
}

/** Nest keeps the given options for ever, the API key among them: sealed, an inspection of the application does not show it. */
function sealed(provider: Provider): Provider {
  if (typeof provider !== 'object' || provider.provide !== MODULE_OPTIONS_TOKEN) return provider;
  if ('useValue' in provider) return { ...provider, useValue: new Sealed<unknown>(provider.useValue) };
  if (!('useFactory' in provider)) return provider;
  const { useFactory } = provider;
  return {
    ...provider,
    useFactory: async (...injected: unknown[]) => new Sealed<unknown>(await useFactory(...injected)),
  };
}

/** Adds to Nest's definition what depends on the static extras: the endpoint, the exports, the name. */
function transform(definition: DynamicModule, extras: NudgeAuthExtras): DynamicModule {
  const { name, endpoint, isGlobal, imports } = checkOptions(moduleExtrasSchema, extras, 'NudgeAuthModule');
  noteImportedModule();
  const registration: NudgeAuthRegistration = Object.freeze({
    name,
    endpoint: endpoint === false ? undefined : resolveEndpointOptions(endpoint, name),
  });
  const service = getNudgeTokenServiceToken(name);
  const authentication = userAuthenticationToken(name);
  return {
    ...definition,
    global: isGlobal,
    imports: imports ?? definition.imports ?? [],
    controllers:
      registration.endpoint === undefined ? [] : [createNudgeTokenController(registration.endpoint)],
    providers: [
      ...(definition.providers ?? []).map(sealed),
      { provide: NUDGE_AUTH_REGISTRATION, useValue: registration },
      { provide: service, useExisting: NudgeTokenService },
      { provide: authentication, useExisting: UserAuthentication },
    ],
    // With what the guards inject, for the host's own routes. A named registration must not answer to the classes: the first
    // import would win over the unnamed one.
    exports: [
      ...(name === undefined ? [NudgeTokenService, UserAuthentication] : []),
      service,
      authentication,
    ],
  };
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<NudgeAuthOptions, 'forRoot', 'createNudgeAuthOptions'>({
    moduleName: 'NudgeAuth',
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createNudgeAuthOptions')
    .setExtras<NudgeAuthExtras>(EXTRAS, transform)
    .build();

/**
 * What `forRoot` takes.
 *
 * @publicApi
 */
export type NudgeAuthModuleOptions = typeof OPTIONS_TYPE;
/**
 * What `forRootAsync` takes.
 *
 * @publicApi
 */
export type NudgeAuthModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;
