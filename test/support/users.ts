import { Injectable, Module } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';

export const USER_SECRET = 'obviously-fake-user-secret-0123456789abcdef';

/** A signed-in user's JWT. */
export function userJwt(
  claims: JWTPayload = { sub: 'ada' },
  {
    secret = USER_SECRET,
    key,
    algorithm = 'HS256',
    kid,
    expiresIn = '1h',
  }: {
    secret?: string;
    key?: KeyObject;
    algorithm?: string;
    kid?: string;
    /** A duration from now, or a date for a test with a manual clock. */
    expiresIn?: string | Date;
  } = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, ...(kid === undefined ? {} : { kid }) })
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(key ?? new TextEncoder().encode(secret));
}

/** The strategy of a host application, as its engineers would write it. */
@Injectable()
export class HostJwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: USER_SECRET,
      algorithms: ['HS256'],
    });
  }

  validate(payload: JWTPayload): { id: string | undefined; name: string } {
    return { id: payload.sub, name: 'from the host' };
  }
}

@Module({ imports: [PassportModule], providers: [HostJwtStrategy] })
export class HostAuthModule {}

interface RsaKeyPair {
  readonly publicPem: string;
  readonly publicJwk: object;
  readonly privatePem: string;
  readonly privateKey: KeyObject;
}

export function rsaKeyPair(): RsaKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    publicPem: publicKey,
    publicJwk: createPublicKey(publicKey).export({ format: 'jwk' }),
    privatePem: privateKey,
    privateKey: createPrivateKey(privateKey),
  };
}
