import * as v from 'valibot';

/** The algorithms that may sign a user's JWT. */
export const USER_JWT_ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;
/**
 * An algorithm that may sign the JWTs of users.
 *
 * @publicApi
 */
export type UserJwtAlgorithm = (typeof USER_JWT_ALGORITHMS)[number];

export const NO_EDDSA =
  'jsonwebtoken, with which passport-jwt verifies, does not know EdDSA. Write a guard that verifies such JWTs and pass it as endpoint.guards';

const algorithm = v.picklist(USER_JWT_ALGORITHMS, ({ input }) =>
  input === 'EdDSA' || input === 'Ed25519'
    ? `${input} is not supported: ${NO_EDDSA}`
    : `must be one of ${USER_JWT_ALGORITHMS.join(', ')}`,
);

/** @internal */
export const algorithms = v.pipe(
  v.array(algorithm, "must be a list such as ['RS256']: pin what your issuer signs with"),
  v.minLength(1, "must name at least one algorithm, such as 'RS256'"),
);
