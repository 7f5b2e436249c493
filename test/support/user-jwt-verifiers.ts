import { createSecretKey, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import type { Instant } from '../../src/common/clock.js';
import { Sealed } from '../../src/common/sealed.js';
import type { NudgeConnectionOptions } from '../../src/options/connection.options.js';
import type { ResolvedUserJwtOptions } from '../../src/options/resolve-user-jwt.js';
import type { UserJwtPayload } from '../../src/options/user-jwt.options.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type { UserJwtRefusal } from '../../src/user-auth/user-jwt-check.js';
import { UserJwtVerifier } from '../../src/user-auth/user-jwt-verifier.js';
import type { UserKeys } from '../../src/user-auth/user-keys.js';

export const SECRET = createSecretKey(Buffer.from('obviously-fake-user-secret-0123456789abcdef'));
export const OTHER_SECRET = createSecretKey(Buffer.from('another-obviously-fake-secret-0123456789'));
export const REMEMBER_FOR_MS = 30_000;

/** Keys that a test can replace. They count how often a JWT had to be verified. */
export class CountingKeys implements UserKeys {
  verifications = 0;

  constructor(public keys: readonly KeyObject[]) {}

  keysFor(): readonly KeyObject[] {
    this.verifications += 1;
    return this.keys;
  }

  /** Makes it as new, for the next test. */
  reset(): void {
    this.keys = [SECRET];
    this.verifications = 0;
  }

  trusts(key: KeyObject, _now: Instant): boolean {
    return this.keys.includes(key);
  }
}

export const clock = new ManualClock();
/** The keys of the verifiers, unless a test gives others. */
export const keys = new CountingKeys([SECRET]);

export function nowS(): number {
  return Math.floor(clock.now().wallMs / 1000);
}

export function sign(
  claims: JWTPayload = {},
  { algorithm = 'HS256', key = SECRET }: { algorithm?: string; key?: KeyObject } = {},
): Promise<string> {
  return new SignJWT({ sub: 'ada', exp: nowS() + 3600, ...claims })
    .setProtectedHeader({ alg: algorithm })
    .sign(key);
}

export function verifierWith(
  options: Partial<ResolvedUserJwtOptions> = {},
  itsKeys: UserKeys = keys,
  refusals: UserJwtRefusal[] = [],
): UserJwtVerifier {
  const defaults: ResolvedUserJwtOptions = {
    keys: [],
    jwksUri: undefined,
    connection: new Sealed<NudgeConnectionOptions>({}),
    algorithms: ['HS256'],
    issuer: undefined,
    audience: undefined,
    clockToleranceMs: 0,
    rememberForMs: REMEMBER_FOR_MS,
    isRevoked: undefined,
  };
  return new UserJwtVerifier({ ...defaults, ...options }, itsKeys, clock, (reason) => refusals.push(reason));
}

export function ask(verifier: UserJwtVerifier, jwt: string): Promise<UserJwtPayload | undefined> {
  return Promise.resolve(verifier.verify({ headers: { authorization: `Bearer ${jwt}` } }));
}
