import { z } from 'zod';
import { systemClock, type Clock } from '../../common/clock.js';
import { parseFaults } from '../faults/fault-schema.js';
import type { EmulatorFault } from '../faults/faults.js';
import { parseInput } from '../input-error.js';
import type { EmulatorAlgorithm } from './signing-keys.js';

/** The key that is known where no other is given. Obviously a fake: it opens nothing but an emulator. */
export const DEFAULT_EMULATOR_API_KEY = 'nudge-private-key-for-the-emulator-only';

/** Requests per minute and client address that the vendor is said to allow. */
export const DEFAULT_RATE_LIMIT_PER_MINUTE = 1200;

/** Who may use the routes under `/__admin`. */
export type AdminAccess = 'loopback' | 'any-address' | false;

export interface NudgeEmulatorOptions {
  /** The private keys that are accepted. Default: {@link DEFAULT_EMULATOR_API_KEY}. */
  readonly apiKeys?: readonly string[];
  /** Keys refused with 401 as public ones (invented: no format or answer is documented). Default: none. */
  readonly publicKeys?: readonly string[];
  /** Whether the account has short-lived tokens; `false` answers 403 (invented). Default `true`. */
  readonly enabled?: boolean;
  /** The TCP port, 0 to 65535. Default 0: one that is free. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`. */
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
   * Who may use the admin routes. `loopback` (the default): callers on this machine that name it by a loopback name.
   * `any-address`: whoever reaches the port, browsers' pages included. `false`: nobody, they answer 404.
   */
  readonly admin?: AdminAccess;
  /** Faults to begin with, as for `setFault`. Default: none. */
  readonly faults?: readonly EmulatorFault[];
  /** The time by which tokens, headers, limits and delays go. Default: the machine's. */
  readonly clock?: Clock;
}

export type ResolvedEmulatorOptions = Required<Omit<NudgeEmulatorOptions, 'seed' | 'extIdClaim'>> &
  Pick<NudgeEmulatorOptions, 'seed' | 'extIdClaim'>;

/** Printable ASCII without surrounding blanks: anything else could not arrive in a header as it was meant. */
const key = z.string().regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, 'must be printable ASCII, not empty');

export const keysSchema = z.array(key).min(1, 'at least one key is needed');

const optionsSchema = z.strictObject({
  apiKeys: keysSchema.default([DEFAULT_EMULATOR_API_KEY]),
  publicKeys: z.array(key).default([]),
  enabled: z.boolean().default(true),
  port: z.int().min(0).max(65_535).default(0),
  host: z.string().min(1).default('127.0.0.1'),
  algorithm: z.enum(['EdDSA', 'HS256']).default('EdDSA'),
  seed: z.string().min(1).optional(),
  extIdClaim: z
    .string()
    .min(1)
    .refine((name) => name !== 'iat' && name !== 'exp', 'cannot be iat or exp')
    .optional(),
  rateLimitPerMinute: z.union([z.int().min(1), z.literal(false)]).default(DEFAULT_RATE_LIMIT_PER_MINUTE),
  requestLogSize: z.int().min(1).default(1000),
  admin: z.literal(['loopback', 'any-address', false]).default('loopback'),
});

/** @throws {EmulatorInputError} naming every unusable option. */
export function resolveEmulatorOptions(options: NudgeEmulatorOptions): ResolvedEmulatorOptions {
  const { clock = systemClock, faults = [], ...plain } = options;
  return { ...parseInput('emulator options', optionsSchema, plain), clock, faults: parseFaults(faults) };
}
