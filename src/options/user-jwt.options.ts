import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { publicKeyObject, secretKeyObject, type KeyMaterial } from '../common/verification-keys.js';
import { connectionOptions, type NudgeConnectionOptions } from './connection.options.js';
import {
  checkedBy,
  flag,
  functionThat,
  optionsOf,
  textThat,
  wholeNumber,
  type Declarations,
} from './option-rules.js';
import { algorithms, type UserJwtAlgorithm } from './user-jwt-algorithms.js';
import { checkKeys, checkJwksAccess } from './user-jwt-rules.js';

interface UserJwtRules {
  /** The algorithms that the module accepts, at least one. It refuses a JWT that names another algorithm. Required. */
  algorithms: readonly UserJwtAlgorithm[];
  /** The `iss` that a JWT must have, or a list of which the JWT must have one. */
  issuer?: string | readonly string[];
  /** The `aud` that a JWT must have, or a list of which the JWT must have one. */
  audience?: string | readonly string[];
  /**
   * Milliseconds by which the issuer's clock and this machine's clock may differ, 0 to 60000: the module accepts a JWT so
   * long before its `nbf` and after its `exp`. Default 0.
   */
  clockToleranceMs?: number;
  /**
   * Milliseconds for which the module remembers a JWT that it has verified, and does not verify it again, 0 to 300000; 0
   * verifies every time. It never remembers a JWT beyond its `exp`. Default 30000.
   */
  rememberForMs?: number;
  /** Returns `true` to refuse a user whose JWT is good. The module asks it for every request. */
  isRevoked?(payload: UserJwtPayload): boolean | Promise<boolean>;
  /**
   * Registers the verifier in passport under this name while the application runs, for `AuthGuard(name)` on the host's own
   * routes. A process has one passport, so a name that is already taken stops the boot. Default: the module registers
   * nothing; `NudgeUserGuard` needs no name.
   */
  strategyName?: string;
}

/**
 * The verified claims of a user's JWT. The default guard stores them in `request.user`.
 *
 * @publicApi
 */
export type UserJwtPayload = Readonly<Record<string, unknown>>;

/**
 * How the module verifies the JWT of the signed-in user: by a shared secret, a public key, or the issuer's JWKS.
 *
 * @publicApi
 */
export type UserJwtOptions = UserJwtRules &
  (
    | {
        /** The HMAC secret, or a list of them during a rotation: at least 32 bytes for HS256, 48 for HS384, 64 for HS512. */
        secret: string | Buffer | KeyObject | readonly (string | Buffer | KeyObject)[];
        /** `true` accepts a shorter secret, with a warning: for tests. Default `false`. */
        allowWeakSecret?: boolean;
        publicKey?: undefined;
        jwksUri?: undefined;
        allowInsecureJwksUri?: undefined;
        http?: undefined;
      }
    | {
        /** The issuer's public key as PEM or `KeyObject`, or a list of them during a rotation. An RSA key needs 2048 bits. */
        publicKey: string | Buffer | KeyObject | readonly (string | Buffer | KeyObject)[];
        allowWeakSecret?: undefined;
        secret?: undefined;
        jwksUri?: undefined;
        allowInsecureJwksUri?: undefined;
        http?: undefined;
      }
    | {
        /** The URL at which the issuer publishes its keys: https, or plain http on loopback. */
        jwksUri: string;
        /** `true` allows a plain http `jwksUri` on any host, with a warning: for service meshes. Default `false`. */
        allowInsecureJwksUri?: boolean;
        /** The connection to the issuer: `proxy`, `httpAgent`, `httpsAgent`. Default: as in the module's `http`. */
        http?: NudgeConnectionOptions;
        allowWeakSecret?: undefined;
        secret?: undefined;
        publicKey?: undefined;
      }
  );

/** The options that do not depend on the kind of key, with every default. */
export type UserJwtRulesWithDefaults = UserJwtRules &
  Required<Pick<UserJwtRules, 'clockToleranceMs' | 'rememberForMs'>>;

/** The option `userJwt` with every default. */
export type UserJwtOptionsWithDefaults = UserJwtOptions & UserJwtRulesWithDefaults;

function oneOrMore(what: string) {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  return v.custom<string | readonly string[]>(
    (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
    `must be ${what}, or a list of at least one`,
  );
}

/** One key, or a list of keys, that the function can parse. The message of the error that it throws is the problem. */
function keysFor(parse: (material: KeyMaterial) => KeyObject) {
  const key = checkedBy<KeyMaterial>((material) => {
    try {
      parse(material as KeyMaterial);
      return undefined;
    } catch (error) {
      return (error as TypeError).message;
    }
  });
  const list = v.pipe(v.array(key), v.minLength(1, 'must hold at least one key'));
  return v.lazy((given) => (Array.isArray(given) ? list : key));
}

function isJwksUri(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** @internal */
export const userJwtOptions = {
  secret: v.optional(keysFor(secretKeyObject)),
  publicKey: v.optional(keysFor(publicKeyObject)),
  jwksUri: v.optional(v.custom<string>(isJwksUri, 'must be an https URL without user name and password')),
  allowInsecureJwksUri: v.optional(flag()),
  http: v.optional(
    optionsOf(connectionOptions, 'must be an object such as { httpsAgent: new Agent({ ca }) }'),
  ),
  algorithms,
  issuer: v.optional(oneOrMore('the iss to expect')),
  audience: v.optional(oneOrMore('the aud to expect')),
  clockToleranceMs: v.optional(wholeNumber({ min: 0, max: 60_000, unit: 'milliseconds' }), 0),
  rememberForMs: v.optional(
    wholeNumber({ min: 0, max: 300_000, unit: 'milliseconds', hint: ' (0 verifies every request)' }),
    30_000,
  ),
  allowWeakSecret: v.optional(flag()),
  isRevoked: v.optional(
    functionThat<NonNullable<UserJwtOptions['isRevoked']>>('tells whether a verified payload is refused'),
  ),
  strategyName: v.optional(textThat("must be the name to give to AuthGuard, such as 'nudge-user'")),
} satisfies Declarations<UserJwtOptions>;

/**
 * The schema of `userJwt`. A rule between the options checks that there is exactly one kind of key, as the type demands.
 *
 * @internal
 */
export const userJwtSchema = optionsOf(
  userJwtOptions,
  'must be an object',
  checkKeys,
  checkJwksAccess,
) as v.GenericSchema<UserJwtOptions, UserJwtOptionsWithDefaults>;
