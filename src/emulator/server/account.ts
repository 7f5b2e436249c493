import * as v from 'valibot';
import type { Clock } from '../../common/clock.js';
import { fingerprintOf } from '../../common/secret.js';
import { flag, isObjectOfKeptNames, strictObject, text } from '../fields.js';
import { SigningKeys, type EmulatorAlgorithm } from './signing-keys.js';
import { TokenIssuer } from './token-issuer.js';

/** The account that `apiKeys`, `publicKeys` and `enabled` of the emulator's options describe. */
export const DEFAULT_ACCOUNT = 'default';

/**
 * A further account at the vendor. No other account has the same keys.
 *
 * @publicApi
 */
export interface EmulatorAccount {
  /** The private keys of the account; at least one. */
  readonly apiKeys: readonly string[];
  /** The public keys of the account, which the emulator refuses with 401. Default: none. */
  readonly publicKeys?: readonly string[];
  /** Whether the account has short-lived tokens; `false` answers 403. Default `true`. */
  readonly enabled?: boolean;
}

/**
 * The current state of an account. Keys appear as fingerprints.
 *
 * @publicApi
 */
export interface EmulatorAccountState {
  readonly enabled: boolean;
  /** The `kid` of the key that signs the account's tokens now. No two accounts share one. */
  readonly kid: string;
  readonly apiKeyFingerprints: readonly string[];
  readonly publicKeyFingerprints: readonly string[];
}

/** Printable ASCII without blanks around it: a header would change or refuse any other text. */
const key = v.pipe(
  text,
  v.regex(
    /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/,
    'must be printable ASCII, not empty, without blanks around it',
  ),
);
const keys = v.array(key, 'must be a list');

/** @internal */
export const apiKeysSchema = v.pipe(keys, v.minLength(1, 'at least one key is needed'));
/** @internal */
export const publicKeysSchema = v.optional(keys, []);
/** @internal */
export const enabledSchema = flag;

const nameSchema = v.pipe(
  text,
  v.regex(/^[a-zA-Z0-9][\w.-]{0,99}$/, 'must have 1 to 100 letters, digits, dots, dashes or underscores'),
  v.check((name) => name !== DEFAULT_ACCOUNT, 'is the name of the account that the option apiKeys describes'),
);

/** @internal */
export const accountsSchema = v.pipe(
  v.custom<Readonly<Record<string, EmulatorAccount>>>(
    isObjectOfKeptNames,
    'must be an object, and no account can have the name __proto__, prototype or constructor',
  ),
  v.record(
    nameSchema,
    strictObject({
      apiKeys: apiKeysSchema,
      publicKeys: publicKeysSchema,
      enabled: v.optional(enabledSchema, true),
    }),
  ),
);

/** The settings that all accounts share. */
export interface AccountRules {
  readonly algorithm: EmulatorAlgorithm;
  readonly seed?: string;
  readonly extIdClaim?: string;
  readonly clock: Clock;
}

/** One account at the vendor: its API keys, and the keys that sign its tokens. */
export class Account {
  readonly name: string;
  readonly publicKeys: ReadonlySet<string>;
  readonly signingKeys: SigningKeys;
  readonly issuer: TokenIssuer;
  apiKeys: ReadonlySet<string>;
  enabled: boolean;

  constructor(name: string, settings: Required<EmulatorAccount>, rules: AccountRules) {
    this.name = name;
    this.apiKeys = new Set(settings.apiKeys);
    this.publicKeys = new Set(settings.publicKeys);
    this.enabled = settings.enabled;
    const { seed } = rules;
    const ownSeed = seed === undefined || name === DEFAULT_ACCOUNT ? seed : JSON.stringify([seed, name]);
    this.signingKeys = new SigningKeys(rules.algorithm, ownSeed);
    this.issuer = new TokenIssuer(this.signingKeys, rules.clock, rules.extIdClaim);
  }

  get state(): EmulatorAccountState {
    return {
      enabled: this.enabled,
      kid: this.signingKeys.kid,
      apiKeyFingerprints: [...this.apiKeys].map(fingerprintOf),
      publicKeyFingerprints: [...this.publicKeys].map(fingerprintOf),
    };
  }
}
