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
 * The key that is known where no other is given. Obviously a fake: it opens nothing but an emulator.
 *
 * @publicApi
 */
export const DEFAULT_EMULATOR_API_KEY = 'nudge-private-key-for-the-emulator-only';

/** Requests per minute and client address that the vendor is said to allow. */
const DEFAULT_RATE_LIMIT_PER_MINUTE = 1200;

/**
 * Who may use the routes under `/__admin`.
 *
 * @publicApi
 */
export type AdminAccess = 'loopback' | 'any-address' | false;

/**
 * What an emulator can be started with. Everything has a default.
 *
 * @publicApi
 */
export interface NudgeEmulatorOptions {
  /** The private keys that are accepted. Default: {@link DEFAULT_EMULATOR_API_KEY}. */
  readonly apiKeys?: readonly string[];
  /** Keys refused with 401 as public ones (invented: no format or answer is documented). Default: none. */
  readonly publicKeys?: readonly string[];
  /** Whether the account has short-lived tokens; `false` answers 403 (invented). Default `true`. */
  readonly enabled?: boolean;
  /**
   * Further accounts, by a name of 1 to 100 letters, digits, dots, dashes or underscores. The three options above describe
   * the one named `default`. Each account signs with keys of its own. Default: none.
   */
  readonly accounts?: Readonly<Record<string, EmulatorAccount>>;
  /** The TCP port, 0 to 65535. Default 0: one that is free. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`: only this machine can reach it. */
  readonly host?: string;
  /** Default `EdDSA`, as in the vendor's newer sample. */
  readonly algorithm?: EmulatorAlgorithm;
  /** Same seed, same signing keys and `kid`s, and by the same clock the same tokens. Default: random keys. */
  readonly seed?: string;
  /** The name of a claim to carry `extId` (invented: the vendor documents none). Default: no such claim. */
  readonly extIdClaim?: string;
  /** Requests per minute and client address, 1 or more, or `false` for no limit. Default 1200. */
  readonly rateLimitPerMinute?: number | false;
  /** How many requests the log keeps, 1 or more; older ones are dropped. Default 1000. */
  readonly requestLogSize?: number;
  /**
   * Who may use the admin routes; never a browser's page of another origin. `loopback` (the default): callers on this
   * machine that call it by a loopback name or by `host`. `any-address`: every caller that reaches the port, by any
   * name. `false`: nobody, they answer 404.
   */
  readonly admin?: AdminAccess;
  /** Faults to begin with, one or a list, as for `setFault`. Default: none. */
  readonly faults?: EmulatorFault | readonly EmulatorFault[];
  /** The time by which tokens, headers, limits and delays go. Default: the machine's. */
  readonly clock?: Clock;
}

type OptionalOption = 'seed' | 'extIdClaim';

export type ResolvedEmulatorOptions = Required<
  Omit<NudgeEmulatorOptions, OptionalOption | keyof EmulatorAccount | 'accounts' | 'faults'>
> &
  Pick<NudgeEmulatorOptions, OptionalOption> & {
    /** The default account among them. */
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

/** Where a key stands that another account has, or the same account as the other kind of key. */
function repeatedKeys(accounts: Readonly<Record<string, Required<EmulatorAccount>>>): string[] {
  const owners = new Map<string, string>();
  return Object.entries(accounts).flatMap(([name, { apiKeys, publicKeys }]) => {
    const path = name === DEFAULT_ACCOUNT ? [] : ['accounts', name];
    const problems: string[] = [];
    for (const key of new Set(apiKeys)) {
      if (owners.has(key)) problems.push(problem([...path, 'apiKeys'], 'a key cannot be of two accounts'));
      owners.set(key, name);
    }
    for (const key of new Set(publicKeys)) {
      const owner = owners.get(key);
      const message =
        owner === name ? 'a key cannot be among apiKeys as well' : 'a key cannot be of two accounts';
      if (owner !== undefined) problems.push(problem([...path, 'publicKeys'], message));
      owners.set(key, name);
    }
    return problems;
  });
}

/** @throws {EmulatorInputError} naming every unusable option. */
export function resolveEmulatorOptions(options: NudgeEmulatorOptions): ResolvedEmulatorOptions {
  const parsed = parse(optionsSchema, options);
  // Whatever `options` is: a null that a caller in plain JavaScript passes is a problem of `parsed`.
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
