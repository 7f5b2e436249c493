import { extractUserJwt, type RequestWithHeaders } from './incoming-request.js';

/**
 * The user's JWT, for the `jwtFromRequest` of the host's own passport-jwt strategy; `null` if there is none. It accepts
 * `Authorization: Bearer <jwt>` and the bare `Authorization: <jwt>` that the vendor's sample clients send.
 * `ExtractJwt.fromAuthHeaderAsBearerToken()` would refuse those clients with 401.
 *
 * @example
 * ```ts
 * super({ jwtFromRequest: userJwtFromRequest, secretOrKey, algorithms: ['HS256'] });
 * ```
 *
 * @publicApi
 */
export function userJwtFromRequest(request: RequestWithHeaders): string | null {
  return extractUserJwt(request) ?? null;
}
