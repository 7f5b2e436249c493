import {
  type CanActivate,
  ConfigurableModuleBuilder,
  type DynamicModule,
  type ModuleMetadata,
  VERSION_NEUTRAL,
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
import { OPTION_NAMES } from '../options/options-schema.js';
import { getNudgeTokenServiceToken } from '../service/inject-nudge-token-service.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';
import { noteImportedModule } from '../service/second-copy.js';

/** What must be known before any factory runs, and so stands beside `useFactory`, not in what it returns. */
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
const EXTRAS: NudgeAuthExtras = { isGlobal: false, imports: undefined, name: undefined, endpoint: {} };

const ENDPOINT_KEYS: Readonly<Record<keyof NudgeEndpointOptions, true>> = {
  path: true,
  version: true,
  guards: true,
  decorators: true,
  userProperty: true,
  passthrough: true,
  verifyStrategy: true,
  errorStatus: true,
};

/** How a registration is called in messages. */
export function subjectOf(name: string | undefined): string {
  return name === undefined ? 'NudgeAuthModule' : `NudgeAuthModule "${name}"`;
}

function isRouteVersion(version: unknown): boolean {
  return (Array.isArray(version) ? version : [version]).every(
    (one) => typeof one === 'string' || one === VERSION_NEUTRAL,
  );
}

function isListOrNothing(value: unknown, isGood: (element: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isGood));
}

/**
 * Nest passes over what is no guard, and early releases over classes without a name, which would leave the route open to
 * everybody. Whether a class makes guards is seen at boot, by its instance.
 */
function isGuard(value: unknown): boolean {
  if (typeof value === 'function') return value.prototype !== undefined && value.name !== '';
  return typeof (value as Partial<CanActivate> | null | undefined)?.canActivate === 'function';
}

function endpointProblems(endpoint: unknown): OptionProblem[] {
  if (endpoint === false) return [];
  if (typeof endpoint !== 'object' || endpoint === null) {
    return [{ path: 'endpoint', message: 'must be false or an object such as { path: "nudge/token" }' }];
  }
  const given = endpoint as NudgeEndpointOptions;
  const problems = Object.keys(given)
    .filter((key) => !(key in ENDPOINT_KEYS))
    .map((key) => ({
      path: `endpoint.${key}`,
      message: 'is not an option: remove it or check its spelling',
    }));
  const check = (path: string, isGood: boolean, message: string): void => {
    if (!isGood) problems.push({ path: `endpoint.${path}`, message });
  };
  const { path, guards, decorators, userProperty } = given;
  check(
    'path',
    path === undefined || (typeof path === 'string' && /[^/\s]/.test(path)),
    'must be a route such as nudge/token',
  );
  check(
    'guards',
    isListOrNothing(guards, isGuard),
    'must be a list of guards: classes with a name, or objects with canActivate (is one imported in a circle, and so undefined?)',
  );
  check(
    'decorators',
    isListOrNothing(decorators, (one) => typeof one === 'function'),
    "must be a list of method decorators, called where they are factories: [SetMetadata('public', true)]",
  );
  check(
    'version',
    given.version === undefined || isRouteVersion(given.version),
    "must be text such as '2', a list of them, or VERSION_NEUTRAL",
  );
  check(
    'userProperty',
    userProperty === undefined || (typeof userProperty === 'string' && userProperty !== ''),
    'must be the name of a property of the request',
  );
  check(
    'errorStatus',
    given.errorStatus === undefined || typeof given.errorStatus === 'function',
    'must be a function of the error code',
  );
  for (const flag of ['passthrough', 'verifyStrategy'] as const) {
    check(flag, given[flag] === undefined || typeof given[flag] === 'boolean', 'must be true or false');
  }
  return problems;
}

function extrasProblems({ name, isGlobal, endpoint }: NudgeAuthExtras): OptionProblem[] {
  const problems = endpointProblems(endpoint);
  if (name !== undefined && (typeof name !== 'string' || !/^[\w-]+$/.test(name))) {
    problems.push({ path: 'name', message: 'must consist of letters, digits, - and _' });
  }
  if (typeof isGlobal !== 'boolean') problems.push({ path: 'isGlobal', message: 'must be true or false' });
  return problems;
}

/** Nest keeps what options were given for ever, the API key among them: whoever inspects the application shall not see it. */
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
  const alias = getNudgeTokenServiceToken(name);
  return {
    ...definition,
    global: extras.isGlobal === true,
    imports: extras.imports ?? definition.imports ?? [],
    controllers:
      registration.endpoint === undefined ? [] : [createNudgeTokenController(registration.endpoint)],
    providers: [
      ...(definition.providers ?? []).map(sealed),
      { provide: NUDGE_AUTH_REGISTRATION, useValue: registration },
      { provide: alias, useExisting: NudgeTokenService },
    ],
    // A named registration must not answer to the class: the first import would win over the unnamed one.
    exports: name === undefined ? [NudgeTokenService, alias] : [alias],
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

/** What `forRoot` takes. */
export type NudgeAuthModuleOptions = typeof OPTIONS_TYPE;
/** What `forRootAsync` takes. */
export type NudgeAuthModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

const ASYNC_KEYS = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
  'provideInjectionTokensFrom',
];

/**
 * Finds what Nest's builder would pass over in silence: options put beside the factory, and no factory at all.
 *
 * @throws {InvalidNudgeAuthOptionsError} with every problem at once.
 */
export function assertAsyncOptions(options: NudgeAuthModuleAsyncOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidNudgeAuthOptionsError('NudgeAuthModule', [
      { path: 'options', message: 'must be an object such as { useFactory: () => ({ apiKey }) }' },
    ]);
  }
  const problems: OptionProblem[] = Object.keys(options)
    .filter((key) => !ASYNC_KEYS.includes(key) && !(key in EXTRAS))
    .map((key) => ({
      path: key,
      message: OPTION_NAMES.includes(key)
        ? 'stands beside the factory, where nothing reads it: return it from the factory'
        : 'is not an option: remove it or check its spelling',
    }));
  const ways = [options.useFactory, options.useClass, options.useExisting].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    problems.push({
      path: 'useFactory',
      message: 'give exactly one of useFactory, useClass and useExisting',
    });
  }
  if (problems.length > 0) throw new InvalidNudgeAuthOptionsError(subjectOf(options.name), problems);
}
