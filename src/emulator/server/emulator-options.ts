import * as v from 'valibot';
import { systemClock, type Clock } from '../../common/clock.js';
import type { EmulatorFault } from '../faults/fault-catalogue.js';
import { readFaults } from '../faults/parse-faults.js';
import { nonEmptyText, oneOf, strictObject, wholeNumberFrom } from '../fields.js';
import { EmulatorInputError, parse, problem, problemsOf } from '../input-error.js';
import {
  accountsSchema,
  apiKeysSchema,
  DEFAULT_ACCOUNT,
  enabledSchema,
  publicKeysSchema,
  type EmulatorAccount,
} from './account.js';
import type { EmulatorAlgorithm } from './signing-keys.js';

/**
 * The key that an emulator accepts by default. Obviously a fake: only an emulator accepts it.
 *
 * @publicApi
 */
export const DEFAULT_EMULATOR_API_KEY = 'nudge-private-key-for-the-emulator-only';

/** Requests per minute and client address, as the vendor allows. */
const DEFAULT_RATE_LIMIT_PER_MINUTE = 1200;

/**
 * Who may use the routes under `/__admin`.
 *
 * @publicApi
 */
export type AdminAccess = 'loopback' | 'any-address' | false;

/**
 * The options of an emulator. Every option has a default.
 *
 * @publicApi
 */
export interface NudgeEmulatorOptions {
  /** The private keys that the emulator accepts. Default: {@link DEFAULT_EMULATOR_API_KEY}. */
  readonly apiKeys?: readonly string[];
  /** Public keys, which the emulator refuses with 401 (invented: Nudge documents no such answer). Default: none. */
  readonly publicKeys?: readonly string[];
  /** Whether the account has short-lived tokens. With `false`, the emulator answers 403 (invented). Default `true`. */
  readonly enabled?: boolean;
  /**
   * Further accounts, by a name of 1 to 100 letters, digits, dots, dashes or underscores. The three options above
   * describe the account `default`. Each account signs its tokens with other keys. Default: none.
   */
  readonly accounts?: Readonly<Record<string, EmulatorAccount>>;
  /** The TCP port, 0 to 65535. Default 0: any free port. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`: only this machine can reach it. */
  readonly host?: string;
  /** Default `EdDSA`, as in the vendor's newer sample. */
  readonly algorithm?: EmulatorAlgorithm;
  /**
   * Makes the signing keys and their `kid`s the same in every run, and with the same clock the tokens. Default: random.
   */
  readonly seed?: string;
  /** The name of a claim that holds `extId` (invented: Nudge documents none). Default: no such claim. */
  readonly extIdClaim?: string;
  /** Requests per minute and client address, 1 or more, or `false` for no limit. Default 1200. */
  readonly rateLimitPerMinute?: number | false;
  /** How many requests the log keeps, 1 or more. It drops older ones. Default 1000. */
  readonly requestLogSize?: number;
  /**
   * Who may use the admin routes. A page of another origin never may. `loopback` (the default): callers on this machine
   * that use a loopback name or `host`. `any-address`: every caller that reaches the port, with any name. `false`: no
   * caller; the routes answer 404.
   */
  readonly admin?: AdminAccess;
  /** The faults at the start, one or a list, as for `setFault`. Default: none. */
  readonly faults?: EmulatorFault | readonly EmulatorFault[];
  /** The clock for tokens, headers, limits and delays. Default: the machine's clock. */
  readonly clock?: Clock;
}

type OptionalOption = 'seed' | 'extIdClaim';

export type ResolvedEmulatorOptions = Required<
  Omit<NudgeEmulatorOptions, OptionalOption | keyof EmulatorAccount | 'accounts' | 'faults'>
> &
  Pick<NudgeEmulatorOptions, OptionalOption> & {
    /** All accounts, with the default account. */
    readonly accounts: Readonly<Record<string, Required<EmulatorAccount>>>;
    readonly faults: readonly EmulatorFault[];
  };

const isClock = (value: unknown): boolean =>
  ['now', 'schedule'].every(
    (method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function',
  );

const rateLimit = v.custom<number | false>(
  (value) => value === false || v.is(wholeNumberFrom(1), value),
  'must be a whole number of at least 1, or false',
);

const optionsSchema = strictObject({
  apiKeys: v.optional(apiKeysSchema, [DEFAULT_EMULATOR_API_KEY]),
  publicKeys: publicKeysSchema,
  enabled: v.optional(enabledSchema, true),
  accounts: v.optional(accountsSchema, {}),
  port: v.optional(wholeNumberFrom(0, 65_535), 0),
  host: v.optional(nonEmptyText, '127.0.0.1'),
  algorithm: v.optional(oneOf('EdDSA', 'HS256'), 'EdDSA'),
  seed: v.optional(nonEmptyText),
  extIdClaim: v.optional(
    v.pipe(
      nonEmptyText,
      v.check((name) => name !== 'iat' && name !== 'exp', 'cannot be iat or exp'),
    ),
  ),
  rateLimitPerMinute: v.optional(rateLimit, DEFAULT_RATE_LIMIT_PER_MINUTE),
  requestLogSize: v.optional(wholeNumberFrom(1), 1000),
  admin: v.optional(oneOf('loopback', 'any-address', false), 'loopback'),
  faults: v.optional(v.unknown()),
  clock: v.optional(v.custom<Clock>(isClock, 'must be a Clock, with now() and schedule()'), systemClock),
});

/** The problems of keys that belong to two accounts, or that one account has as private and as public key. */
function repeatedKeys(accounts: Readonly<Record<string, Required<EmulatorAccount>>>): string[] {
  const owners = new Map<string, string>();
  return Object.entries(accounts).flatMap(([name, { apiKeys, publicKeys }]) => {
    const path = name === DEFAULT_ACCOUNT ? [] : ['accounts', name];
    const problems: string[] = [];
    for (const key of new Set(apiKeys)) {
      if (owners.has(key))
        problems.push(problem([...path, 'apiKeys'], 'a key cannot belong to two accounts'));
      owners.set(key, name);
    }
    for (const key of new Set(publicKeys)) {
      const owner = owners.get(key);
      const message =
        owner === name ? 'a key cannot also be in apiKeys' : 'a key cannot belong to two accounts';
      if (owner !== undefined) problems.push(problem([...path, 'publicKeys'], message));
      owners.set(key, name);
    }
    return problems;
  });
}

/** @throws {EmulatorInputError} when an option is wrong. The error lists every problem. */
export function resolveEmulatorOptions(options: NudgeEmulatorOptions): ResolvedEmulatorOptions {
  const parsed = parse(optionsSchema, options);
  // A caller in plain JavaScript may pass null. `parsed` reports it.
  const names = [DEFAULT_ACCOUNT, ...Object.keys(options?.accounts ?? {})];
  const faults = readFaults(options?.faults ?? [], names, ['faults']);
  const problems = [...problemsOf(parsed), ...problemsOf(faults)];
  if ('value' in parsed && 'value' in faults) {
    const { apiKeys, publicKeys, enabled, ...rest } = parsed.value;
    const accounts = { [DEFAULT_ACCOUNT]: { apiKeys, publicKeys, enabled }, ...rest.accounts };
    problems.push(...repeatedKeys(accounts));
    if (problems.length === 0) return { ...rest, accounts, faults: faults.value };
  }
  throw new EmulatorInputError('emulator options', problems);
}
