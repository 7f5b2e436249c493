import { z } from 'zod';
import { isLoopbackHost } from '../common/loopback.js';
import {
  algorithmsFor,
  publicKeyObject,
  secretKeyObject,
  type KeyMaterial,
} from '../common/verification-keys.js';
import { USER_JWT_ALGORITHMS, type UserJwtAlgorithm } from './nudge-auth.options.js';
import { functionThat, isObject, wholeNumber } from './option-rules.js';

function oneOrMore(what: string): z.ZodType {
  const error = `must be ${what}, or a list of at least one`;
  const text = z.string({ error }).min(1, { error });
  return z.union([text, z.array(text, { error }).min(1, { error })], { error });
}

const algorithm = z.enum(USER_JWT_ALGORITHMS, {
  error: `must be one of ${USER_JWT_ALGORITHMS.join(', ')}`,
});

function keys(parse: (material: KeyMaterial) => unknown): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    if (Array.isArray(value) && value.length === 0) context.addIssue('must hold at least one key');
    for (const [index, material] of (Array.isArray(value) ? value : [value]).entries()) {
      try {
        parse(material);
      } catch (error) {
        const path = Array.isArray(value) ? [index] : [];
        context.addIssue({ code: 'custom', path, message: (error as TypeError).message });
      }
    }
  });
}

const JWKS_URI_MUST =
  'must be an https URL without user name and password (plain http is accepted on loopback only)';

function isJwksUri(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

const jwksUri = z.string({ error: JWKS_URI_MUST }).refine(isJwksUri, { error: JWKS_URI_MUST });

interface UserJwtShape {
  readonly secret?: unknown;
  readonly publicKey?: unknown;
  readonly jwksUri?: unknown;
  readonly algorithms?: unknown;
}

/** Says which one of the three kinds of key is given, and whether the algorithms belong to it. */
function checkUserJwt(value: UserJwtShape, context: z.core.$RefinementCtx): void {
  const given = (['secret', 'publicKey', 'jwksUri'] as const).filter((kind) => value[kind] !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none is given' : `${given.join(' and ')} are given`;
    context.addIssue(`must have exactly one of secret, publicKey and jwksUri: ${found}`);
    return;
  }
  const isShared = given[0] === 'secret';
  const known = USER_JWT_ALGORITHMS.filter(
    (name) => Array.isArray(value.algorithms) && value.algorithms.includes(name),
  );
  if (known.some((name) => name.startsWith('HS') !== isShared)) {
    const fitting = isShared ? 'HS256, HS384 and HS512' : 'RS…, PS… and ES…';
    context.addIssue({
      code: 'custom',
      path: ['algorithms'],
      message: `name algorithms that do not go with ${given[0]}: use ${fitting} only`,
    });
  } else if (given[0] === 'publicKey' && known.length > 0) {
    checkKeyTypes(value.publicKey, known, context);
  }
}

/** A key that none of the algorithms can use would refuse every user, for ever. */
function checkKeyTypes(
  publicKey: unknown,
  algorithms: readonly UserJwtAlgorithm[],
  context: z.core.$RefinementCtx,
): void {
  for (const [index, material] of (Array.isArray(publicKey) ? publicKey : [publicKey]).entries()) {
    const fitting = isPublicKey(material) ? algorithmsFor(publicKeyObject(material)) : algorithms;
    if (fitting.some((name) => algorithms.some((given) => given === name))) continue;
    context.addIssue({
      code: 'custom',
      path: Array.isArray(publicKey) ? ['publicKey', index] : ['publicKey'],
      message:
        fitting.length === 0
          ? 'is of a type that no supported algorithm uses: RSA and EC (P-256, P-384, P-521) keys are'
          : `goes with ${fitting.join(', ')}, none of which is among the algorithms`,
    });
  }
}

function isPublicKey(material: unknown): material is KeyMaterial {
  try {
    publicKeyObject(material as KeyMaterial);
    return true;
  } catch {
    // Reported where the key itself is checked.
    return false;
  }
}

/** The rules of the option `userJwt`. */
export const userJwtSchema = z
  .strictObject(
    {
      secret: keys((material) => secretKeyObject(material)).optional(),
      publicKey: keys((material) => publicKeyObject(material)).optional(),
      jwksUri: jwksUri.optional(),
      algorithms: z
        .array(algorithm, { error: "must be a list such as ['RS256']: pin what your issuer signs with" })
        .min(1, { error: "must name at least one algorithm, such as 'RS256'" }),
      issuer: oneOrMore('the iss to expect').optional(),
      audience: oneOrMore('the aud to expect').optional(),
      verdictTtlMs: wholeNumber(0, 300_000, 'milliseconds', ' (0 verifies every request)'),
      isRevoked: functionThat('tells whether a verified payload is refused').optional(),
    },
    { error: 'must be an object' },
  )
  .superRefine(checkUserJwt, { when: isObject });
