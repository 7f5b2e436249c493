import { VERSION_NEUTRAL, type CanActivate, type ControllerOptions, type Type } from '@nestjs/common';
import * as v from 'valibot';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import { withoutTrailing } from '../common/without-trailing.js';
import { checkedBy, flag, type Declarations } from './option-rules.js';
import { isFreeForUser } from './user-property.js';

/**
 * The version of a route, as `@Controller({ version })` takes it.
 *
 * @publicApi
 */
export type RouteVersion = NonNullable<ControllerOptions['version']>;

/**
 * The guarded route that hands tokens to the frontend. Stands beside `useFactory`, not inside: Nest fixes routes and
 * guards before any factory runs.
 *
 * @publicApi
 */
export interface NudgeEndpointOptions {
  /** The route, below the global prefix. Default: `nudge/token`, or `nudge/<name>/token` for a named registration. */
  path?: string;
  /** The version of the route. Default: every version (`VERSION_NEUTRAL`). */
  version?: RouteVersion;
  /**
   * Replace the default guard. An empty list leaves the route to the host's global guards; without one it would be open to
   * everybody, and the boot stops. Default: `NudgeUserGuard`.
   */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Put on the handler: throttling, metadata of a global guard, OpenAPI. Default `[]`. */
  decorators?: readonly MethodDecorator[];
  /**
   * Where the guard leaves the signed-in user on the request, and `extId` and your own code find it. What a request has
   * already (`headers`, `body` and so on) is refused. Default `user`.
   */
  userProperty?: string;
  /**
   * `true` returns the answer through Nest, so that interceptors see and may change it; by default they see `undefined`, and
   * the answer is sent past the serialiser, which is faster. No interceptor may cache it: users would get each other's
   * tokens. Default `false`.
   */
  passthrough?: boolean;
  /**
   * `false` skips the check at boot that the host has a `'jwt'` strategy of its own: for one that is registered later, or
   * shared by the applications of a process. The first request then decides which one it is. Default `true`.
   */
  verifyStrategy?: boolean;
  /**
   * The HTTP status for a failure, 400 to 599. Anything else, `undefined` included, leaves the default. Default: 503, and
   * 400 for `NUDGE_INVALID_REQUEST`.
   */
  errorStatus?(code: NudgeAuthErrorCode): number | undefined;
}

/** What is fixed about a registration when the module is declared. */
export interface NudgeAuthRegistration {
  readonly name: string | undefined;
  readonly endpoint: ResolvedEndpointOptions | undefined;
}

/** The endpoint options with every default filled in that does not depend on the name of the registration. */
export type EndpointOptionsWithDefaults = NudgeEndpointOptions &
  Required<
    Pick<NudgeEndpointOptions, 'version' | 'decorators' | 'userProperty' | 'passthrough' | 'verifyStrategy'>
  >;

/** The endpoint options with every default filled in. */
export type ResolvedEndpointOptions = Readonly<
  EndpointOptionsWithDefaults & {
    path: string;
    /** The controller's class name: throttlers and OpenAPI tell registrations apart by it. */
    controllerName: string;
  }
>;

function isRouteVersion(version: unknown): boolean {
  return (Array.isArray(version) ? version : [version]).every(
    (one) => typeof one === 'string' || one === VERSION_NEUTRAL,
  );
}

/**
 * Nest passes over what is no guard, and early releases over classes without a name, which would leave the route open to
 * everybody. Whether a class makes guards is seen at boot, by its instance.
 */
function isGuard(value: unknown): boolean {
  if (typeof value === 'function') return value.prototype !== undefined && value.name !== '';
  return typeof (value as Partial<CanActivate> | null | undefined)?.canActivate === 'function';
}

function listOf<Element>(isElement: (value: unknown) => boolean, must: string) {
  return v.custom<readonly Element[]>((value) => Array.isArray(value) && value.every(isElement), must);
}

function userPropertyProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'must be the name of a property of the request';
  if (isFreeForUser(name)) return undefined;
  return `must be a property that a request does not have by itself, such as user: ${name} is taken`;
}

/** @internal */
export const endpointOptions = {
  path: v.optional(
    v.custom<string>(
      (path) => typeof path === 'string' && /[^/\s]/.test(path),
      'must be a route such as nudge/token',
    ),
  ),
  version: v.optional(
    v.custom<RouteVersion>(isRouteVersion, "must be text such as '2', a list of them, or VERSION_NEUTRAL"),
    VERSION_NEUTRAL,
  ),
  guards: v.optional(
    listOf<Type<CanActivate> | CanActivate>(
      isGuard,
      'must be a list of guards: classes with a name, or objects with canActivate (is one imported in a circle, and so undefined?)',
    ),
  ),
  decorators: v.optional(
    listOf<MethodDecorator>(
      (one) => typeof one === 'function',
      "must be a list of method decorators, called where they are factories: [SetMetadata('public', true)]",
    ),
    [],
  ),
  userProperty: v.optional(checkedBy<string>(userPropertyProblem), 'user'),
  passthrough: v.optional(flag(), false),
  verifyStrategy: v.optional(flag(), true),
  errorStatus: v.optional(
    v.custom<NudgeEndpointOptions['errorStatus']>(
      (value) => typeof value === 'function',
      'must be a function of the error code',
    ),
  ),
} satisfies Declarations<NudgeEndpointOptions>;

function controllerNameOf(name = ''): string {
  const words = name.split(/[-_]+/).filter((word) => word !== '');
  const inPascalCase = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `Nudge${inPascalCase}TokenController`;
}

/**
 * The endpoint options with what depends on the name of the registration.
 *
 * @param given checked, with their defaults.
 */
export function resolveEndpointOptions(
  given: EndpointOptionsWithDefaults,
  name: string | undefined,
): ResolvedEndpointOptions {
  const path = given.path ?? (name === undefined ? 'nudge/token' : `nudge/${name}/token`);
  return Object.freeze({
    ...given,
    path: withoutTrailing(path.replace(/^\/+/, ''), '/'),
    controllerName: controllerNameOf(name),
  });
}
