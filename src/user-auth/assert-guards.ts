import type { ModulesContainer } from '@nestjs/core';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';

type Module = ModulesContainer extends Map<string, infer M> ? M : never;

/** The metadata key under which Nest keeps the guards of a handler. */
const GUARDS_METADATA = '__guards__';

/**
 * Stops the boot if the endpoint would be open to every caller: if it has no guard at all, or has a class without
 * `canActivate` among its guards, which Nest ignores.
 *
 * @param hasGlobalGuards whether the application has guards for all its routes.
 * @throws {Error} in both cases. The message says which one it is.
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
        `GET /${endpoint.path}: every caller would get a token. Pass your guards as endpoint.guards, or leave it out for the ` +
        'default guard. If middleware checks your users, pass a guard that requires what the middleware sets on the request.',
    );
  }
  for (const guard of endpoint.guards) {
    if (typeof guard !== 'function') continue;
    const instance: unknown = own?.injectables.get(guard)?.instance;
    if (typeof Reflect.get(Object(instance), 'canActivate') === 'function') continue;
    throw new Error(
      `NudgeAuthModule: endpoint.guards has the class ${guard.name}, which is not a guard: it has no method canActivate ` +
        '(a field is enough only if one instance serves all requests). ' +
        'Nest would ignore the class and leave the route open.',
    );
  }
}

/** Whether `endpoint.decorators` put guards on a handler, for example with `UseGuards`. */
function hasHandlerGuards(own: Module | undefined): boolean {
  return [...(own?.controllers.values() ?? [])].some(({ metatype }) =>
    Object.entries(Object.getOwnPropertyDescriptors(Object(metatype?.prototype))).some(
      ([name, { value }]) =>
        name !== 'constructor' && typeof value === 'function' && Reflect.hasMetadata(GUARDS_METADATA, value),
    ),
  );
}
