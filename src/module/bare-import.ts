import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import { MODULE_OPTIONS_TOKEN, subjectOf } from './module-definition.js';

function refuseBareImport(modules: ModulesContainer): never {
  const importers = [...modules.values()].filter((module) =>
    [...module.imports].some(
      ({ providers }) => providers.get(NUDGE_AUTH_REGISTRATION)?.metatype === refuseBareImport,
    ),
  );
  const names = importers.map(({ name }) => name).join(', ') || 'NestFactory.create';
  throw new InvalidNudgeAuthOptionsError(subjectOf(undefined), [
    {
      path: 'imports',
      message:
        `the class NudgeAuthModule is imported without forRoot or forRootAsync (by ${names}): register it once, with ` +
        'isGlobal: true if several modules use it, and remove the bare class from their imports',
    },
  ]);
}

/**
 * The providers of the class `NudgeAuthModule` without `forRoot`. A registration replaces both. Without them Nest would
 * stop the boot too, but its error would name only the parameters of a constructor.
 */
export const bareImportProviders: Provider[] = [
  { provide: NUDGE_AUTH_REGISTRATION, inject: [ModulesContainer], useFactory: refuseBareImport },
  { provide: MODULE_OPTIONS_TOKEN, inject: [NUDGE_AUTH_REGISTRATION], useFactory: () => undefined },
];
