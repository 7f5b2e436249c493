import type { ModulesContainer } from '@nestjs/core';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;

/** Where Nest keeps the guards of a handler. */
const GUARDS_METADATA = '__guards__';

/**
 * Stops a boot whose endpoint would be open to everybody: without any guard, or with a class whose instances are no
 * guards, which Nest passes over.
 *
 * @param hasGlobalGuards whether guards stand before every route of the application.
 * @throws {Error} that says which.
 */
export function assertGuards(
  modules: ModulesContainer,
  registration: NudgeAuthRegistration,
  hasGlobalGuards: boolean,
): void {
  const { endpoint } = registration;
  if (endpoint?.guards === undefined) return;
  const own = [...modules.values()].find(
    ({ providers }) => providers.get(NUDGE_AUTH_REGISTRATION)?.instance === registration,
  );
  if (endpoint.guards.length === 0 && !hasGlobalGuards && !hasHandlerGuards(own)) {
    throw new Error(
      'NudgeAuthModule: endpoint.guards is empty and no global guard (APP_GUARD, useGlobalGuards) stands before ' +
        `GET /${endpoint.path}: everybody would get a token. Give your guards as endpoint.guards, or leave it out for the ` +
        'default guard. Where middleware checks your users, give a guard that requires what the middleware leaves on the request.',
    );
  }
  for (const guard of endpoint.guards) {
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

/** Whether `endpoint.decorators` put guards on a handler, as `UseGuards` does. */
function hasHandlerGuards(own: Module | undefined): boolean {
  return [...(own?.controllers.values() ?? [])].some(({ metatype }) =>
    Object.entries(Object.getOwnPropertyDescriptors(Object(metatype?.prototype))).some(
      ([name, { value }]) =>
        name !== 'constructor' && typeof value === 'function' && Reflect.hasMetadata(GUARDS_METADATA, value),
    ),
  );
}
