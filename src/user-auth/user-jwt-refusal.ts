/** Why a user's JWT is refused, in a word. */
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

/** Is told of every JWT that is refused, and never sees the JWT. */
export type RefusalListener = (reason: UserJwtRefusal) => void;

/** What the messages of jsonwebtoken, behind passport-jwt, begin with. */
const REASONS: readonly (readonly [message: RegExp, reason: UserJwtRefusal])[] = [
  [/^jwt audience invalid/, 'audience'],
  [/^jwt issuer invalid/, 'issuer'],
  [/^invalid (?:exp|nbf) value/, 'malformed'],
];

/** The reason behind what passport-jwt fails with. What is not about the claims is about key and signature. */
export function refusalOf(error: unknown): UserJwtRefusal {
  const { name, message } = error as Error;
  if (name === 'TokenExpiredError') return 'expired';
  if (name === 'NotBeforeError') return 'not-yet-valid';
  return REASONS.find(([start]) => start.test(message))?.[1] ?? 'signature';
}
