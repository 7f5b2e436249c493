/** Why a user's JWT is refused, in one word. */
export type UserJwtRefusal =
  | 'algorithm'
  | 'audience'
  | 'expired'
  | 'issuer'
  | 'malformed'
  | 'no-key'
  | 'not-yet-valid'
  | 'revoked'
  | 'signature';

/** Called for every JWT that is refused. It gets the reason and never the JWT. */
export type RefusalListener = (reason: UserJwtRefusal) => void;

/** How the error messages of jsonwebtoken begin, which passport-jwt uses. */
const REASONS: readonly (readonly [message: RegExp, reason: UserJwtRefusal])[] = [
  [/^jwt audience invalid/, 'audience'],
  [/^jwt issuer invalid/, 'issuer'],
  [/^invalid (?:exp|nbf) value/, 'malformed'],
];

/** The reason for an error of passport-jwt. An error that is not about the claims is about the key or the signature. */
export function refusalOf(error: unknown): UserJwtRefusal {
  const { name, message } = error as Error;
  if (name === 'TokenExpiredError') return 'expired';
  if (name === 'NotBeforeError') return 'not-yet-valid';
  return REASONS.find(([start]) => start.test(message))?.[1] ?? 'signature';
}
