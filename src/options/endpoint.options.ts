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
 * The guarded route that hands tokens to the frontend. Put it beside `useFactory`, not into what the factory returns: Nest
 * fixes routes and guards before it calls a factory.
 *
 * @publicApi
 */
export interface NudgeEndpointOptions {
  /** The route, below the global prefix. Default: `nudge/token`, or `nudge/<name>/token` for a named registration. */
  path?: string;
  /** The version of the route. Default: every version (`VERSION_NEUTRAL`). */
  version?: RouteVersion;
  /**
   * Guards in place of the default guard. An empty list leaves the route to the host's global guards. If there is no global
   * guard, and none in `decorators`, the boot stops, because the route would be open to everyone. Default: `NudgeUserGuard`.
   */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Decorators for the handler: throttling, metadata for a global guard, OpenAPI. Default `[]`. */
  decorators?: readonly MethodDecorator[];
  /**
   * The property of the request in which the guard stores the signed-in user. `extId` and your own code read it there. A
   * property that every request has, such as `headers` or `body`, stops the boot. Default `user`.
   */
  userProperty?: string;
  /**
   * `true` returns the answer through Nest, so that interceptors see it and may change it. An interceptor must not cache it:
   * users would get each other's tokens. `false` is faster: interceptors see `undefined`, and the answer does not pass the
   * serialiser. Default `false`.
   */
  passthrough?: boolean;
  /**
   * `false` skips the check at boot that the host has its own `'jwt'` strategy. Use it if the host registers the strategy
   * later, or shares it between the applications of a process. The first request then fixes which strategy the guard uses.
   * Default `true`.
   */
  verifyStrategy?: boolean;
  /**
   * Returns the HTTP status for a failure, 400 to 599. For any other value, `undefined` included, the endpoint uses the
   * default status. Default: 503, but 400 for `NUDGE_INVALID_REQUEST` and 403 for `NUDGE_UNKNOWN_TENANT`.
   */
  errorStatus?(code: NudgeAuthErrorCode): number | undefined;
}

/** The part of a registration that is fixed when the host declares the module. */
export interface NudgeAuthRegistration {
  readonly name: string | undefined;
  readonly endpoint: ResolvedEndpointOptions | undefined;
}

/** The endpoint options with every default that does not depend on the name of the registration. */
export type EndpointOptionsWithDefaults = NudgeEndpointOptions &
  Required<
    Pick<NudgeEndpointOptions, 'version' | 'decorators' | 'userProperty' | 'passthrough' | 'verifyStrategy'>
  >;

/** The endpoint options with every default. */
export type ResolvedEndpointOptions = Readonly<
  EndpointOptionsWithDefaults & {
    path: string;
    /** The class name of the controller, by which throttlers and OpenAPI tell registrations apart. */
    controllerName: string;
  }
>;

function isRouteVersion(version: unknown): boolean {
  return (Array.isArray(version) ? version : [version]).every(
    (one) => typeof one === 'string' || one === VERSION_NEUTRAL,
  );
}

/**
 * Nest ignores an element that is not a guard, and old releases ignore a class without a name. Either would leave the route
 * open to everyone. Whether a class is a guard can only be checked at boot, with its instance.
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
      'must be a list of guards: classes with a name, or objects with canActivate (is one undefined because of a circular import?)',
    ),
  ),
  decorators: v.optional(
    listOf<MethodDecorator>(
      (one) => typeof one === 'function',
      "must be a list of method decorators; call those that are factories: [SetMetadata('public', true)]",
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
 * Adds to the endpoint options the parts that depend on the name of the registration.
 *
 * @param given the checked options with their defaults.
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
