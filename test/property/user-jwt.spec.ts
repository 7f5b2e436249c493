import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { Strategy } from 'passport-jwt';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { UserJwtVerifier } from '../../src/user-auth/user-jwt-verifier.js';
import { FixedUserKeys } from '../../src/user-auth/user-keys.js';
import type { ResolvedUserJwtOptions } from '../../src/options/resolve-options.js';

const RUNS = Number(process.env['NUDGE_JWT_RUNS'] ?? 400);

type Algorithm = 'HS256' | 'RS256' | 'ES256';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = createSecretKey(Buffer.from('obviously-fake-user-secret-0123456789abcdef'));

const KEYS: Readonly<Record<Algorithm, { signing: KeyObject; verifying: KeyObject }>> = {
  HS256: { signing: secret, verifying: secret },
  RS256: { signing: rsa.privateKey, verifying: rsa.publicKey },
  ES256: { signing: ec.privateKey, verifying: ec.publicKey },
};

const RULES = { issuer: 'https://id.example', audience: ['shop'] } as const;

/** What passport-jwt itself says at a moment, with nothing of ours around it. */
function oracle(algorithm: Algorithm, jwt: string, nowS: number): unknown {
  let outcome: unknown;
  const strategy = new Strategy(
    {
      jwtFromRequest: () => jwt,
      secretOrKey: KEYS[algorithm].verifying as never,
      algorithms: [algorithm],
      issuer: RULES.issuer,
      audience: [...RULES.audience],
      jsonWebTokenOptions: { clockTimestamp: nowS },
    },
    (payload: unknown, done: (error: unknown, user: unknown) => void) => done(null, payload),
  );
  Object.assign(strategy, { success: (payload: unknown) => (outcome = payload), fail: () => undefined });
  strategy.authenticate({ headers: {} } as never);
  return outcome;
}

/** One JWT, done something to: most of these make it worthless, some leave it good. */
type Mutation =
  | { readonly kind: 'none' }
  | { readonly kind: 'byte'; readonly part: number; readonly at: number; readonly bits: number }
  | { readonly kind: 'character'; readonly at: number; readonly character: string }
  | { readonly kind: 'cut'; readonly part: number; readonly keep: number }
  | { readonly kind: 'swap'; readonly part: number; readonly with: number };

const share = fc.double({ min: 0, max: 0.999_999, noNaN: true });
const part = fc.nat(2);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({ kind: fc.constant('byte' as const), part, at: share, bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({
    kind: fc.constant('character' as const),
    at: share,
    character: fc.constantFrom('A', 'Q', 'g', 'w', '9', '_', '-', '=', '+', '/', '.', ' '),
  }),
  fc.record({ kind: fc.constant('cut' as const), part, keep: share }),
  fc.record({ kind: fc.constant('swap' as const), part, with: fc.nat(2) }),
);

function mutate(jwts: readonly string[], user: number, change: Mutation): string {
  const jwt = jwts[user] ?? '';
  const parts = jwt.split('.');
  if (change.kind === 'character') {
    const at = Math.floor(change.at * jwt.length);
    return jwt.slice(0, at) + change.character + jwt.slice(at + 1);
  }
  if (change.kind === 'none') return jwt;
  const old = parts[change.part] ?? '';
  if (change.kind === 'cut') parts[change.part] = old.slice(0, Math.floor(change.keep * old.length));
  if (change.kind === 'swap') parts[change.part] = jwts[change.with]?.split('.')[change.part] ?? '';
  if (change.kind === 'byte') {
    const bytes = Buffer.from(old, 'base64url');
    const at = Math.floor(change.at * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ change.bits;
    parts[change.part] = bytes.toString('base64url');
  }
  return parts.join('.');
}

const step = fc.record({
  user: fc.nat(2),
  change: mutation,
  /** Time moves before the question, or the clock is set. */
  advanceMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(40_000) }),
  stepWallMs: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -60_000, max: 60_000 }) },
  ),
});

const moments = fc.record({
  /** Seconds from now on in which a user's JWT expires, and until it begins to count. */
  expiresInS: fc.tuple(
    fc.integer({ min: -5, max: 120 }),
    fc.integer({ min: 1, max: 120 }),
    fc.constant(3600),
  ),
  notBeforeInS: fc.tuple(fc.constant(undefined), fc.integer({ min: -60, max: 60 }), fc.constant(0)),
});

describe.each(['HS256', 'RS256', 'ES256'] as const)('users’ JWTs by %s', (algorithm) => {
  it('are judged as passport-jwt judges them, whatever is remembered, whatever is changed, whenever', async () => {
    await fc.assert(
      fc.asyncProperty(
        moments,
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.constantFrom(0, 1000, 30_000, 300_000),
        async ({ expiresInS, notBeforeInS }, steps, verdictTtlMs) => {
          const clock = new ManualClock();
          const nowS = (): number => Math.floor(clock.now().wallMs / 1000);
          const beganAtS = nowS();
          const jwts = await Promise.all(
            ['ada', 'bob', 'eve'].map((sub, user) => {
              const notBefore = notBeforeInS[user];
              return new SignJWT({
                sub,
                iss: RULES.issuer,
                aud: 'shop',
                roles: user === 0 ? [sub] : sub,
                exp: beganAtS + (expiresInS[user] ?? 0),
                ...(notBefore === undefined ? {} : { nbf: beganAtS + notBefore }),
              })
                .setProtectedHeader({ alg: algorithm })
                .sign(KEYS[algorithm].signing);
            }),
          );
          const options: ResolvedUserJwtOptions = {
            ...RULES,
            keys: [],
            jwksUri: undefined,
            algorithms: [algorithm],
            verdictTtlMs,
            isRevoked: undefined,
          };
          const verifier = new UserJwtVerifier(
            options,
            new FixedUserKeys([KEYS[algorithm].verifying]),
            clock,
          );
          for (const { user, change, advanceMs, stepWallMs } of steps) {
            clock.advance(advanceMs);
            clock.stepWall(stepWallMs);
            const jwt = mutate(jwts, user, change);
            const verdict = await Promise.resolve(
              verifier.verify({ headers: { authorization: `Bearer ${jwt}` } }),
            );
            // A JWT of other characters than base64url is no JWT to us, and so is never taken for one that is.
            const expected = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt)
              ? oracle(algorithm, jwt, nowS())
              : undefined;
            expect(verdict).toEqual(expected);
            Object.assign(Object(verdict), { sub: 'root', roles: ['admin'] });
          }
        },
      ),
      { numRuns: RUNS },
    );
  }, 120_000);
});
