import type { ModulesContainer } from '@nestjs/core';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';

/**
 * Stops a boot whose endpoint would be open to everybody: Nest passes over a class whose instances are no guards.
 *
 * @throws {Error} that names the class.
 */
export function assertGuards(modules: ModulesContainer, registration: NudgeAuthRegistration): void {
  const own = [...modules.values()].find(
    ({ providers }) => providers.get(NUDGE_AUTH_REGISTRATION)?.instance === registration,
  );
  for (const guard of registration.endpoint?.guards ?? []) {
    if (typeof guard !== 'function') continue;
    const instance: unknown = own?.injectables.get(guard)?.instance;
    if (typeof Reflect.get(Object(instance), 'canActivate') === 'function') continue;
    throw new Error(
      `NudgeAuthModule: endpoint.guards has the class ${guard.name}, which is no guard: it has no method canActivate ` +
        '(a field will do only where one instance serves all requests). ' +
        'Nest would pass over it and leave the route open.',
    );
  }
}
