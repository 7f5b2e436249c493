import { VERSION_NEUTRAL, type CanActivate, type ControllerOptions, type Type } from '@nestjs/common';
import type { NudgeAuthErrorCode } from '../common/errors.js';

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
  /** Replace the default guard. An empty list leaves the route to the host's global guards. */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Put on the handler: throttling, metadata of a global guard, OpenAPI. */
  decorators?: readonly MethodDecorator[];
  /** Where the guard leaves the signed-in user on the request. Default `user`. */
  userProperty?: string;
  /**
   * `true` returns the answer through Nest, so that interceptors see and may change it; the default writes it directly,
   * which is faster.
   */
  passthrough?: boolean;
  /** `false` skips the check at boot that the host has a `'jwt'` strategy, for one that is registered later. Default `true`. */
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
  readonly version: RouteVersion;
  readonly guards: NudgeEndpointOptions['guards'];
  readonly decorators: readonly MethodDecorator[];
  readonly userProperty: string;
  readonly passthrough: boolean;
  readonly verifyStrategy: boolean;
  readonly errorStatus: (code: NudgeAuthErrorCode) => number | undefined;
}

/** The endpoint options with every default filled in. */
export function resolveEndpointOptions(
  given: NudgeEndpointOptions,
  name: string | undefined,
): ResolvedEndpointOptions {
  return Object.freeze({
    path: (given.path ?? (name === undefined ? 'nudge/token' : `nudge/${name}/token`)).replace(
      /^\/+|\/+$/g,
      '',
    ),
    version: given.version ?? VERSION_NEUTRAL,
    guards: given.guards,
    decorators: given.decorators ?? [],
    userProperty: given.userProperty ?? 'user',
    passthrough: given.passthrough ?? false,
    verifyStrategy: given.verifyStrategy ?? true,
    errorStatus: (code: NudgeAuthErrorCode) => given.errorStatus?.(code),
  });
}
