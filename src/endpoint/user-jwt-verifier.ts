import type { KeyObject } from 'node:crypto';
import { ExtractJwt, Strategy as PassportJwtStrategy, type SecretOrKeyProvider } from 'passport-jwt';
import type { UserJwtPayload } from '../nudge-auth.options.js';
import type { ResolvedUserJwtOptions } from '../nudge-auth.options-resolution.js';
import { JwksUserKeys } from './jwks-user-keys.js';
import type { UserKeys } from './user-keys.js';

/** A request of either adapter, as far as it is needed here. */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const BEARER_OR_BARE = /^(?:Bearer\s+)?([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The user's JWT: after `Bearer`, or bare as the vendor's sample clients send it. */
export function extractUserJwt({ headers: { authorization } }: RequestWithHeaders): string | undefined {
  if (typeof authorization !== 'string') return undefined;
  return BEARER_OR_BARE.exec(authorization.trim())?.[1];
}

/** What passport-jwt comes to with one key: the payload, or `undefined` where the JWT is not good by that key. */
function verifyWith(strategy: PassportJwtStrategy, jwt: string): Promise<UserJwtPayload | undefined> {
  return new Promise((resolve, reject) => {
    // passport, too, runs a strategy on an object derived from it, which receives the outcome.
    const run = Object.assign(Object.create(strategy) as PassportJwtStrategy, {
      success: (payload: UserJwtPayload) => resolve(payload),
      fail: () => resolve(undefined),
      error: (error: unknown) => reject(error),
    });
    run.authenticate({ headers: { authorization: `Bearer ${jwt}` } } as never);
  });
}

/** Verifies the JWTs of one registration's users. Nobody else's: it is never looked up by a name. */
export class UserJwtVerifier {
  readonly #options: ResolvedUserJwtOptions;
  readonly #keys: UserKeys;

  constructor(options: ResolvedUserJwtOptions, keys: UserKeys) {
    this.#options = options;
    this.#keys = keys;
  }

  /**
   * The claims of the request's JWT; `undefined` where there is none, or none that is good.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE`.
   */
  async verify(request: RequestWithHeaders): Promise<UserJwtPayload | undefined> {
    const jwt = extractUserJwt(request);
    if (jwt === undefined) return undefined;
    for (const key of await this.#keys.keysFor(jwt)) {
      const payload = await verifyWith(this.#strategyFor(key), jwt);
      // Whatever is truthy revokes: a host's look-up may answer 1 where its type says true.
      if (payload !== undefined) return (await this.#options.isRevoked?.(payload)) ? undefined : payload;
    }
    return undefined;
  }

  #strategyFor(key: KeyObject): PassportJwtStrategy {
    const { algorithms, issuer, audience } = this.#options;
    const provideKey: SecretOrKeyProvider = (_request, _jwt, done) => done(null, key as never);
    return new PassportJwtStrategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: provideKey,
        algorithms: [...algorithms],
        issuer: typeof issuer === 'string' ? issuer : issuer && [...issuer],
        audience: typeof audience === 'string' ? audience : audience && [...audience],
      },
      (payload: UserJwtPayload, done: (error: unknown, user: UserJwtPayload) => void) => done(null, payload),
    );
  }
}

/**
 * The verifier for a registration's `userJwt`.
 *
 * @throws {Error} when its keys come from a JWKS and the optional peer `jwks-rsa` is not installed.
 */
export async function createUserJwtVerifier(options: ResolvedUserJwtOptions): Promise<UserJwtVerifier> {
  const { jwksUri, keys } = options;
  return new UserJwtVerifier(
    options,
    jwksUri === undefined ? { keysFor: () => keys } : await JwksUserKeys.create(jwksUri),
  );
}
