import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

export const ALGORITHMS = ['HS256', 'RS256', 'ES256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** The users' key as a host application has it, which is text. */
export interface UserKeys {
  readonly algorithm: Algorithm;
  /** The secret, or the public key as PEM. */
  readonly verification: string;
  readonly jwt: string;
}

const SECRET = 'obviously-fake-user-secret-0123456789abcdef';

function keyPair(algorithm: Algorithm): { signing: KeyObject; verification: string } {
  if (algorithm === 'HS256') return { signing: createSecretKey(Buffer.from(SECRET)), verification: SECRET };
  const { privateKey, publicKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { signing: privateKey, verification: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** A signed-in user with the usual claims of an identity provider. */
export async function signedInUser(algorithm: Algorithm): Promise<UserKeys> {
  const { signing, verification } = keyPair(algorithm);
  const jwt = await new SignJWT({
    email: 'ada@shop.example',
    name: 'Ada Obviously-Fake',
    scope: 'openid profile',
  })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setSubject('user-000001')
    .setIssuer('https://login.shop.example/')
    .setAudience('shop')
    .setIssuedAt()
    .setExpirationTime('8h')
    .sign(signing);
  return { algorithm, verification, jwt };
}
