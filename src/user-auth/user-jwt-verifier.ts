import type { Clock } from '../common/clock.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-user-jwt.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { createFetchJwks } from './jwks-fetch.js';
import { JwksUserKeys } from './jwks-user-keys.js';
import { PassportJwtCheck } from './passport-jwt-check.js';
import { RememberedJwts } from './remembered-jwts.js';
import { authorizationOf, checkForm, extractUserJwt, type RequestWithHeaders } from './user-jwt-form.js';
import type { RefusalListener, UserJwtRefusal } from './user-jwt-refusal.js';
import { FixedUserKeys, type UserKeys } from './user-keys.js';

const BEARER = 'Bearer ';

/** Verifies the JWTs of one registration's users, and of no other's: it is never looked up by a name. */
export class UserJwtVerifier {
  readonly #options: ResolvedUserJwtOptions;
  readonly #keys: UserKeys;
  readonly #clock: Clock;
  readonly #tellRefusal: RefusalListener;
  readonly #passportJwt: PassportJwtCheck;
  readonly #remembered: RememberedJwts;

  constructor(
    options: ResolvedUserJwtOptions,
    keys: UserKeys,
    clock: Clock,
    tellRefusal: RefusalListener = () => undefined,
  ) {
    this.#options = options;
    this.#keys = keys;
    this.#clock = clock;
    this.#tellRefusal = tellRefusal;
    this.#passportJwt = new PassportJwtCheck(options);
    this.#remembered = new RememberedJwts(keys, options);
  }

  /** How many JWTs are known to be good. */
  get rememberedJwts(): number {
    return this.#remembered.size;
  }

  /**
   * The claims of the request's JWT, in an object of this request's own; `undefined` where there is no JWT, or none that
   * is good. At once where the JWT is remembered, so that nothing is waited for.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE`.
   */
  verify(request: RequestWithHeaders): UserJwtPayload | undefined | Promise<UserJwtPayload | undefined> {
    const authorization = authorizationOf(request);
    if (authorization?.startsWith(BEARER) === true) {
      const remembered = this.#remembered.find(authorization.slice(BEARER.length), this.#clock.now());
      if (remembered !== undefined) return this.#unlessRevoked(remembered);
    }
    const jwt = extractUserJwt(request);
    if (jwt !== undefined) return this.#verifyJwt(jwt);
    return request.headers['authorization'] === undefined ? undefined : this.#refuse('malformed');
  }

  async #verifyJwt(jwt: string): Promise<UserJwtPayload | undefined> {
    const payload = this.#remembered.find(jwt, this.#clock.now()) ?? (await this.#verifyAnew(jwt));
    return payload === undefined ? undefined : this.#unlessRevoked(payload);
  }

  async #verifyAnew(jwt: string): Promise<UserJwtPayload | undefined> {
    const header = checkForm(jwt, this.#options.algorithms);
    if (typeof header === 'string') return this.#refuse(header);
    const keys = await this.#keys.keysFor(header);
    const now = this.#clock.now();
    let refusal: UserJwtRefusal = 'no-key';
    for (const key of keys) {
      const outcome = this.#passportJwt.ask(jwt, key, now);
      if ('payload' in outcome) {
        this.#remembered.remember(jwt, outcome.payload, key, now);
        return outcome.payload;
      }
      // A wrong key says nothing of the claims; the right one does.
      if (refusal === 'no-key' || refusal === 'signature') ({ refusal } = outcome);
    }
    return this.#refuse(refusal);
  }

  #refuse(reason: UserJwtRefusal): undefined {
    this.#tellRefusal(reason);
    return undefined;
  }

  #unlessRevoked(payload: UserJwtPayload): UserJwtPayload | undefined | Promise<UserJwtPayload | undefined> {
    return this.#options.isRevoked === undefined ? payload : this.#askHost(this.#options.isRevoked, payload);
  }

  async #askHost(
    isRevoked: NonNullable<ResolvedUserJwtOptions['isRevoked']>,
    payload: UserJwtPayload,
  ): Promise<UserJwtPayload | undefined> {
    // Whatever is truthy revokes: a host's look-up may answer 1 where its type says true.
    return (await isRevoked(payload)) ? this.#refuse('revoked') : payload;
  }
}

/** The verifier for a registration's `userJwt`. */
export function createUserJwtVerifier(
  options: ResolvedUserJwtOptions,
  { clock, events, tellRefusal }: { clock: Clock; events: NudgeAuthEvents; tellRefusal: RefusalListener },
): UserJwtVerifier {
  return new UserJwtVerifier(options, createUserKeys(options, clock, events), clock, tellRefusal);
}

function createUserKeys(
  { jwksUri, connection, keys, algorithms }: ResolvedUserJwtOptions,
  clock: Clock,
  events: NudgeAuthEvents,
): UserKeys {
  if (jwksUri === undefined) return new FixedUserKeys(keys);
  const { origin, pathname } = new URL(jwksUri);
  return new JwksUserKeys({
    url: origin + pathname,
    fetchJwks: createFetchJwks(jwksUri, connection.open()),
    algorithms,
    clock,
    events,
  });
}
