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

/** Names every extra: Nest's builder removes an extra from the options only if it is a key here. */
export const EXTRAS: Readonly<Record<keyof NudgeAuthExtras, undefined>> = {
  isGlobal: undefined,
  imports: undefined,
  name: undefined,
  endpoint: undefined,
};

/** The name of a registration in messages. */
export function subjectOf(name: string | undefined): string {
  return name === undefined ? 'NudgeAuthModule' : `NudgeAuthModule "${name}"`;
}

/** Nest keeps the options, with the API key, as long as the application lives. A sealed value is not shown when the application is inspected. */
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

/** Adds to Nest's definition the parts that depend on the static extras: the endpoint, the exports, the name. */
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
    // The guards on the host's own routes inject the authentication, so it is exported too. A named registration exports no
    // class: Nest would inject the registration that a module imports first, even where the host means the unnamed one.
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
 * The options of `forRoot`.
 *
 * @publicApi
 */
export type NudgeAuthModuleOptions = typeof OPTIONS_TYPE;
/**
 * The options of `forRootAsync`.
 *
 * @publicApi
 */
export type NudgeAuthModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;
