import { VERSION_NEUTRAL, type CanActivate } from '@nestjs/common';
import type { OptionProblem } from '../common/options-error.js';
import type { NudgeEndpointOptions } from '../options/endpoint.options.js';
import { isFreeForUser } from '../options/user-property.js';

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

/** What is wrong with the static extra `endpoint`. */
export function endpointProblems(endpoint: unknown): OptionProblem[] {
  if (endpoint === false) return [];
  if (typeof endpoint !== 'object' || endpoint === null) {
    return [{ path: 'endpoint', message: 'must be false or an object such as { path: "nudge/token" }' }];
  }
  const given = endpoint as NudgeEndpointOptions;
  const problems = Object.keys(given)
    .filter((key) => !Object.hasOwn(ENDPOINT_KEYS, key))
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
    'userProperty',
    typeof userProperty !== 'string' || isFreeForUser(userProperty),
    `must be a property that a request does not have by itself, such as user: ${String(userProperty)} is taken`,
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
