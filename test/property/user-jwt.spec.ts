import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { Strategy } from 'passport-jwt';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { Sealed } from '../../src/common/sealed.js';
import { UserJwtVerifier } from '../../src/user-auth/user-jwt-verifier.js';
import type { ResolvedUserJwtOptions } from '../../src/options/resolve-user-jwt.js';

const RUNS = Number(process.env['NUDGE_JWT_RUNS'] ?? 400);
/** Long enough for a busy machine. */
const TIMEOUT_MS = 600_000 + RUNS * 60;

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

/** The verdict of passport-jwt itself at a moment, without any code of the module. */
function oracle(algorithm: Algorithm, jwt: string, nowS: number, clockTolerance: number): unknown {
  let outcome: unknown;
  const strategy = new Strategy(
    {
      jwtFromRequest: () => jwt,
      secretOrKey: KEYS[algorithm].verifying as never,
      algorithms: [algorithm],
      issuer: RULES.issuer,
      audience: [...RULES.audience],
      jsonWebTokenOptions: { clockTimestamp: nowS, clockTolerance },
    },
    (payload: unknown, done: (error: unknown, user: unknown) => void) => done(null, payload),
  );
  Object.assign(strategy, { success: (payload: unknown) => (outcome = payload), fail: () => undefined });
  strategy.authenticate({ headers: {} } as never);
  return outcome;
}

/** Whether a JWT has three parts in the one spelling that an encoder writes. The module refuses every other spelling. */
function isCanonical(jwt: string): boolean {
  const parts = jwt.split('.');
  return (
    parts.length === 3 &&
    parts.every((one) => one !== '' && Buffer.from(one, 'base64url').toString('base64url') === one)
  );
}

/** A change to a JWT. Most changes make it invalid, some leave it good. */
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
  /** Before the check, time passes by `advanceMs` and the wall clock is set by `stepWallMs`. */
  advanceMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(40_000) }),
  stepWallMs: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -60_000, max: 60_000 }) },
  ),
});

const moments = fc.record({
  /** For each user: the seconds until the JWT expires, and the seconds until it becomes valid. */
  expiresInS: fc.tuple(
    fc.integer({ min: -5, max: 120 }),
    fc.integer({ min: 1, max: 120 }),
    fc.constant(3600),
  ),
  notBeforeInS: fc.tuple(fc.constant(undefined), fc.integer({ min: -60, max: 60 }), fc.constant(0)),
});

describe.each(['HS256', 'RS256', 'ES256'] as const)('the check of JWTs signed with %s', (algorithm) => {
  it(
    'gives the same result as passport-jwt for any change, at any time, with any remembered JWT',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          moments,
          fc.array(step, { minLength: 1, maxLength: 25 }),
          fc.constantFrom(0, 1000, 30_000, 300_000),
          fc.constantFrom(0, 0, 1_500, 60_000),
          async ({ expiresInS, notBeforeInS }, steps, rememberForMs, clockToleranceMs) => {
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
              connection: new Sealed({}),
              algorithms: [algorithm],
              clockToleranceMs,
              rememberForMs,
              isRevoked: undefined,
            };
            const keys = { keysFor: () => [KEYS[algorithm].verifying] };
            const verifier = new UserJwtVerifier(options, keys, clock);
            for (const { user, change, advanceMs, stepWallMs } of steps) {
              clock.advance(advanceMs);
              clock.stepWall(stepWallMs);
              const jwt = mutate(jwts, user, change);
              const payload = await Promise.resolve(
                verifier.verify({ headers: { authorization: `Bearer ${jwt}` } }),
              );
              const expected = isCanonical(jwt)
                ? oracle(algorithm, jwt, nowS(), clockToleranceMs / 1000)
                : undefined;
              expect(payload).toEqual(expected);
              Object.assign(Object(payload), { sub: 'root', roles: ['admin'] });
            }
          },
        ),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );
});
