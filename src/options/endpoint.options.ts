import { VERSION_NEUTRAL, type CanActivate, type ControllerOptions, type Type } from '@nestjs/common';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import { withoutTrailing } from '../common/without-trailing.js';

/** The version of a route, as `@Controller({ version })` takes it. */
export type RouteVersion = NonNullable<ControllerOptions['version']>;

/**
 * The guarded route that hands tokens to the frontend. Stands beside `useFactory`, not inside: Nest fixes routes and
 * guards before any factory runs.
 */
export interface NudgeEndpointOptions {
  /** Below the global prefix. Default `nudge/token`, or `nudge/<name>/token` for a named registration. */
  path?: string;
  /** Default: every version (`VERSION_NEUTRAL`). */
  version?: RouteVersion;
  /**
   * Replace the default guard. An empty list leaves the route to the host's global guards; without one it would be open to
   * everybody, and the boot stops.
   */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Put on the handler: throttling, metadata of a global guard, OpenAPI. */
  decorators?: readonly MethodDecorator[];
  /**
   * Where the guard leaves the signed-in user on the request, and `extId` and your own code find it. Default `user`. What a
   * request has already (`headers`, `body` and so on) is refused.
   */
  userProperty?: string;
  /**
   * `true` returns the answer through Nest, so that interceptors see and may change it; by default they see `undefined`, and
   * the answer is sent past the serialiser, which is faster. No interceptor may cache it: users would get each other's
   * tokens.
   */
  passthrough?: boolean;
  /**
   * `false` skips the check at boot that the host has a `'jwt'` strategy of its own: for one that is registered later, or
   * shared by the applications of a process. The first request then decides which one it is. Default `true`.
   */
  verifyStrategy?: boolean;
  /**
   * The HTTP status for a failure, 400 to 599. Anything else, `undefined` included, leaves the default: 503, and 400 for
   * `NUDGE_INVALID_REQUEST`.
   */
  errorStatus?(code: NudgeAuthErrorCode): number | undefined;
}

/** What is fixed about a registration when the module is declared. */
export interface NudgeAuthRegistration {
  readonly name: string | undefined;
  readonly endpoint: ResolvedEndpointOptions | undefined;
}

export interface ResolvedEndpointOptions {
  readonly path: string;
  /** The controller's class name: throttlers and OpenAPI tell registrations apart by it. */
  readonly controllerName: string;
  readonly version: RouteVersion;
  readonly guards: NudgeEndpointOptions['guards'];
  readonly decorators: readonly MethodDecorator[];
  readonly userProperty: string;
  readonly passthrough: boolean;
  readonly verifyStrategy: boolean;
  readonly errorStatus: (code: NudgeAuthErrorCode) => number | undefined;
}

function controllerNameOf(name = ''): string {
  const words = name.split(/[-_]+/).filter((word) => word !== '');
  const inPascalCase = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `Nudge${inPascalCase}TokenController`;
}

/** The endpoint options with every default filled in. */
export function resolveEndpointOptions(
  given: NudgeEndpointOptions,
  name: string | undefined,
): ResolvedEndpointOptions {
  const path = given.path ?? (name === undefined ? 'nudge/token' : `nudge/${name}/token`);
  return Object.freeze({
    path: withoutTrailing(path.replace(/^\/+/, ''), '/'),
    controllerName: controllerNameOf(name),
    version: given.version ?? VERSION_NEUTRAL,
    guards: given.guards,
    decorators: given.decorators ?? [],
    userProperty: given.userProperty ?? 'user',
    passthrough: given.passthrough ?? false,
    verifyStrategy: given.verifyStrategy ?? true,
    errorStatus: (code: NudgeAuthErrorCode) => given.errorStatus?.(code),
  });
}
