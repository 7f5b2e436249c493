import type { DynamicModule, Provider } from '@nestjs/common';
import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../common/options-error.js';
import { unknownOption } from '../common/nearest-name.js';
import { OPTION_NAMES } from '../options/options-schema.js';
import {
  EXTRAS,
  MODULE_OPTIONS_TOKEN,
  subjectOf,
  type NudgeAuthModuleAsyncOptions,
} from './module-definition.js';

const ASYNC_KEYS = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
  'provideInjectionTokensFrom',
];

/**
 * Reports what Nest's builder would ignore in silence: an option beside the factory, and a missing factory.
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
    .filter((key) => !ASYNC_KEYS.includes(key) && !Object.hasOwn(EXTRAS, key))
    .map((key) => ({
      path: key,
      message: OPTION_NAMES.includes(key)
        ? 'stands beside the factory, where nothing reads it: return it from the factory'
        : unknownOption(key, [...ASYNC_KEYS, ...Object.keys(EXTRAS), ...OPTION_NAMES]),
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

/**
 * Adds a check where the options come from a class: an error then names the method that the class lacks. Without the
 * check Nest's builder would fail with a bare TypeError.
 */
export function withFactoryMethodChecked(
  definition: DynamicModule,
  { useClass, useExisting, name }: NudgeAuthModuleAsyncOptions,
): DynamicModule {
  const factoryClass = useClass ?? useExisting;
  if (factoryClass === undefined) return definition;
  const path = useClass === undefined ? 'useExisting' : 'useClass';
  const providers = (definition.providers ?? []).map((provider): Provider => {
    if (typeof provider !== 'object' || provider.provide !== MODULE_OPTIONS_TOKEN) return provider;
    if (!('useFactory' in provider)) return provider;
    const { useFactory } = provider;
    return {
      ...provider,
      useFactory: (factory: unknown) => {
        if (typeof Reflect.get(Object(factory), 'createNudgeAuthOptions') === 'function')
          return useFactory(factory);
        const message = `the provider ${tokenName(factoryClass)} has no method createNudgeAuthOptions: add it, or check its spelling`;
        throw new InvalidNudgeAuthOptionsError(subjectOf(name), [{ path, message }]);
      },
    };
  });
  return { ...definition, providers };
}

function tokenName(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}
