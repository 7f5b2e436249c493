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
  /** The algorithms accepted, at least one. Pinned here, never taken from the JWT. Required. */
  algorithms: readonly UserJwtAlgorithm[];
  /** The `iss` that a JWT must have, or a list of which one must match. */
  issuer?: string | readonly string[];
  /** The `aud` that a JWT must have, or a list of which one must match. */
  audience?: string | readonly string[];
  /**
   * Milliseconds by which the issuer's clock and this machine's may differ: how long before its `nbf` and after its
   * `exp` a JWT is good. 0 to 60000. Default 0.
   */
  clockToleranceMs?: number;
  /**
   * Milliseconds for which a JWT that was found good is remembered, and so not verified again, never beyond its `exp`.
   * 0 to 300000; 0 verifies every time. Default 30000.
   */
  rememberForMs?: number;
  /** Whether a user whose JWT is good shall be refused all the same. Asked for every request. */
  isRevoked?(payload: UserJwtPayload): boolean | Promise<boolean>;
  /**
   * Registers the verifier in passport under this name while the application runs, for `AuthGuard(name)` on the host's own
   * routes. passport is one per process: a name that is taken stops the boot. Default: nothing is registered;
   * `NudgeUserGuard` needs no name.
   */
  strategyName?: string;
}

/**
 * The verified claims of a user's JWT: what `request.user` holds behind the default guard.
 *
 * @publicApi
 */
export type UserJwtPayload = Readonly<Record<string, unknown>>;

/**
 * How the signed-in user's own JWT is verified: by one shared secret, one public key, or the issuer's JWKS.
 *
 * @publicApi
 */
export type UserJwtOptions = UserJwtRules &
  (
    | {
        /** The HMAC secret, or a list of them while they rotate: at least 32 bytes for HS256, 48 for HS384, 64 for HS512. */
        secret: string | Buffer | KeyObject | readonly (string | Buffer | KeyObject)[];
        /** `true` accepts a shorter secret, with a warning: for tests. Default `false`. */
        allowWeakSecret?: boolean;
        publicKey?: undefined;
        jwksUri?: undefined;
        allowInsecureJwksUri?: undefined;
        http?: undefined;
      }
    | {
        /** The issuer's public key as PEM or `KeyObject`, RSA of 2048 bits at least, or a list of them while they rotate. */
        publicKey: string | Buffer | KeyObject | readonly (string | Buffer | KeyObject)[];
        allowWeakSecret?: undefined;
        secret?: undefined;
        jwksUri?: undefined;
        allowInsecureJwksUri?: undefined;
        http?: undefined;
      }
    | {
        /** Where the issuer publishes its keys; https, or http on loopback. */
        jwksUri: string;
        /** `true` allows a plain-http `jwksUri` on any host, with a warning: for service meshes. Default `false`. */
        allowInsecureJwksUri?: boolean;
        /** How the issuer is reached: `proxy`, `httpAgent`, `httpsAgent`. Default: as in the module's `http`. */
        http?: NudgeConnectionOptions;
        allowWeakSecret?: undefined;
        secret?: undefined;
        publicKey?: undefined;
      }
  );

/** What does not depend on the kind of key, with every default filled in. */
export type UserJwtRulesWithDefaults = UserJwtRules &
  Required<Pick<UserJwtRules, 'clockToleranceMs' | 'rememberForMs'>>;

/** The same with every default filled in. */
export type UserJwtOptionsWithDefaults = UserJwtOptions & UserJwtRulesWithDefaults;

function oneOrMore(what: string) {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  return v.custom<string | readonly string[]>(
    (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
    `must be ${what}, or a list of at least one`,
  );
}

/** One key, or a list of them, that the function can parse: what it throws is the problem. */
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
 * That exactly one kind of key is given, as the type says, is a rule between options here.
 *
 * @internal
 */
export const userJwtSchema = optionsOf(
  userJwtOptions,
  'must be an object',
  checkKeys,
  checkJwksAccess,
) as v.GenericSchema<UserJwtOptions, UserJwtOptionsWithDefaults>;
