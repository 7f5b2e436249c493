import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { Sealed } from '../common/sealed.js';
import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../common/options-error.js';
import {
  resolveEndpointOptions,
  type NudgeAuthRegistration,
  type NudgeEndpointOptions,
} from '../options/endpoint.options.js';
import { createNudgeTokenController } from '../endpoint/nudge-token.controller.js';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import type { NudgeAuthOptions } from '../options/nudge-auth.options.js';
import { getNudgeTokenServiceToken } from '../service/inject-nudge-token-service.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';
import { noteImportedModule } from '../service/second-copy.js';
import { userAuthenticationToken } from '../user-auth/nudge-user.guard.js';
import { UserAuthentication } from '../user-auth/user-authentication.js';
import { endpointProblems } from './endpoint-problems.js';

/**
 * What must be known before any factory runs, and so stands beside `useFactory`, not in what it returns.
 *
 * @publicApi
 */
export interface NudgeAuthExtras {
  /** `true` lets every module inject the service without importing this one. Default `false`. */
  isGlobal?: boolean;
  /** Modules whose providers the options, guards and functions given here need. */
  imports?: ModuleMetadata['imports'];
  /** Tells several registrations apart; letters, digits, `-` and `_`. Each has its own service, endpoint and cache. */
  name?: string;
  /** The REST endpoint, `GET nudge/token` by default; `false` for none. */
  endpoint?: false | NudgeEndpointOptions;
}

/** Named one by one: Nest's builder drops from the options only what is a key here, `undefined` included. */
export const EXTRAS: NudgeAuthExtras = { isGlobal: false, imports: undefined, name: undefined, endpoint: {} };

/** How a registration is called in messages. */
export function subjectOf(name: string | undefined): string {
  return name === undefined ? 'NudgeAuthModule' : `NudgeAuthModule "${name}"`;
}

function extrasProblems({ name, isGlobal, endpoint }: NudgeAuthExtras): OptionProblem[] {
  const problems = endpointProblems(endpoint);
  if (name !== undefined && (typeof name !== 'string' || !/^[\w-]+$/.test(name))) {
    problems.push({ path: 'name', message: 'must consist of letters, digits, - and _' });
  }
  if (typeof isGlobal !== 'boolean') problems.push({ path: 'isGlobal', message: 'must be true or false' });
  return problems;
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
  const problems = extrasProblems(extras);
  if (problems.length > 0) throw new InvalidNudgeAuthOptionsError('NudgeAuthModule', problems);
  noteImportedModule();
  const { name } = extras;
  const registration: NudgeAuthRegistration = Object.freeze({
    name,
    endpoint: extras.endpoint === false ? undefined : resolveEndpointOptions(extras.endpoint ?? {}, name),
  });
  const service = getNudgeTokenServiceToken(name);
  const authentication = userAuthenticationToken(name);
  return {
    ...definition,
    global: extras.isGlobal === true,
    imports: extras.imports ?? definition.imports ?? [],
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
