import type { KeyObject } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-user-jwt.js';
import { UserJwtCheckCounts } from '../telemetry/counts.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { createFetchJwks } from './jwks-fetch.js';
import { JwksUserKeys } from './jwks-user-keys.js';
import { checkForm, PassportJwtCheck, type RefusalListener, type UserJwtRefusal } from './user-jwt-check.js';
import { RememberedJwts } from './remembered-jwts.js';
import { authorizationOf, extractUserJwt, type RequestWithHeaders } from './incoming-request.js';
import type { UserJwtHeader, UserKeys } from './user-keys.js';

const BEARER = 'Bearer ';

type IsRevoked = NonNullable<ResolvedUserJwtOptions['isRevoked']>;
type Verified = UserJwtPayload | undefined | Promise<UserJwtPayload | undefined>;
/** How a good JWT was checked. */
type CheckedBy = 'remembered' | 'verified';

/** Verifies the JWTs of one registration's users. It is never looked up by a name, so no other users are accepted. */
export class UserJwtVerifier {
  readonly #options: ResolvedUserJwtOptions;
  readonly #keys: UserKeys;
  readonly #clock: Clock;
  readonly #tellRefusal: RefusalListener;
  readonly #counts: UserJwtCheckCounts;
  readonly #passportJwt: PassportJwtCheck;
  readonly #remembered: RememberedJwts;

  constructor(
    options: ResolvedUserJwtOptions,
    keys: UserKeys,
    clock: Clock,
    tellRefusal: RefusalListener = () => undefined,
    counts = new UserJwtCheckCounts(),
  ) {
    this.#options = options;
    this.#keys = keys;
    this.#clock = clock;
    this.#tellRefusal = tellRefusal;
    this.#counts = counts;
    this.#passportJwt = new PassportJwtCheck(options);
    this.#remembered = new RememberedJwts(keys, options);
  }

  /** The number of remembered JWTs. */
  get rememberedJwts(): number {
    return this.#remembered.size;
  }

  /**
   * The claims of the request's JWT, in a new object; `undefined` if there is no JWT or a bad one. Answers at once,
   * without a promise, if the JWT is remembered.
   *
   * @throws {NudgeAuthError} `USER_KEYS_UNAVAILABLE` when the keys cannot be fetched.
   */
  verify(request: RequestWithHeaders): Verified {
    const authorization = authorizationOf(request);
    if (authorization?.startsWith(BEARER) === true) {
      const remembered = this.#remembered.find(authorization.slice(BEARER.length), this.#clock.now());
      if (remembered !== undefined) return this.#unlessRevoked(remembered, 'remembered');
    }
    const jwt = extractUserJwt(request);
    if (jwt !== undefined) return this.#verifyJwt(jwt);
    return request.headers['authorization'] === undefined ? undefined : this.#refuse('malformed');
  }

  async #verifyJwt(jwt: string): Promise<UserJwtPayload | undefined> {
    const remembered = this.#remembered.find(jwt, this.#clock.now());
    if (remembered !== undefined) return this.#unlessRevoked(remembered, 'remembered');
    const payload = await this.#verifyWithKeys(jwt);
    return payload === undefined ? undefined : this.#unlessRevoked(payload, 'verified');
  }

  async #verifyWithKeys(jwt: string): Promise<UserJwtPayload | undefined> {
    const header = checkForm(jwt, this.#options.algorithms);
    if (typeof header === 'string') return this.#refuse(header);
    const keys = await this.#keysFor(header);
    const now = this.#clock.now();
    let refusal: UserJwtRefusal = 'no-key';
    for (const key of keys) {
      const outcome = this.#passportJwt.check(jwt, key, now);
      if ('payload' in outcome) {
        this.#remembered.remember(jwt, outcome.payload, key, now);
        return outcome.payload;
      }
      // Only the right key shows what is wrong with the claims, so its reason wins.
      if (refusal === 'no-key' || refusal === 'signature') ({ refusal } = outcome);
    }
    return this.#refuse(refusal);
  }

  async #keysFor(header: UserJwtHeader): Promise<readonly KeyObject[]> {
    try {
      return await this.#keys.keysFor(header);
    } catch (error) {
      this.#counts.keysUnavailable += 1;
      throw error;
    }
  }

  #refuse(reason: UserJwtRefusal): undefined {
    this.#counts.refused += 1;
    this.#tellRefusal(reason);
    return undefined;
  }

  #unlessRevoked(payload: UserJwtPayload, checkedBy: CheckedBy): Verified {
    const { isRevoked } = this.#options;
    if (isRevoked !== undefined) return this.#askHost(isRevoked, payload, checkedBy);
    this.#counts[checkedBy] += 1;
    return payload;
  }

  async #askHost(
    isRevoked: IsRevoked,
    payload: UserJwtPayload,
    checkedBy: CheckedBy,
  ): Promise<UserJwtPayload | undefined> {
    // Every truthy value revokes: the host's function may return 1 although its type says true.
    if (await isRevoked(payload)) return this.#refuse('revoked');
    this.#counts[checkedBy] += 1;
    return payload;
  }
}

/** The verifier for a registration's `userJwt`. */
export function createUserJwtVerifier(
  options: ResolvedUserJwtOptions,
  { clock, events, tellRefusal }: { clock: Clock; events: NudgeAuthEvents; tellRefusal: RefusalListener },
): UserJwtVerifier {
  const keys = createUserKeys(options, clock, events);
  return new UserJwtVerifier(options, keys, clock, tellRefusal, events.counts.userJwtChecks);
}

function createUserKeys(
  { jwksUri, connection, keys, algorithms }: ResolvedUserJwtOptions,
  clock: Clock,
  events: NudgeAuthEvents,
): UserKeys {
  if (jwksUri === undefined) return { keysFor: () => keys };
  const { origin, pathname } = new URL(jwksUri);
  return new JwksUserKeys({
    url: origin + pathname,
    fetchJwks: createFetchJwks(jwksUri, connection.open()),
    algorithms,
    clock,
    events,
  });
}
