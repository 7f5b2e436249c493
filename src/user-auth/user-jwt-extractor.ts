import { extractUserJwt, type RequestWithHeaders } from './user-jwt-form.js';

/**
 * For a host's own passport-jwt strategy, as its `jwtFromRequest`: the user's JWT after `Bearer`, or bare in
 * `Authorization` as the vendor's sample clients send it; `null` where there is none. `ExtractJwt.fromAuthHeaderAsBearerToken()`
 * would answer those clients with 401.
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
