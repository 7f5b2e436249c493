import type { Cluster, Redis } from 'ioredis';
import * as v from 'valibot';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import { checkOptions } from '../options/check-options.js';
import {
  checkedBy,
  optionsOf,
  wholeNumber,
  type Declarations,
  type RuleBetweenOptions,
} from '../options/option-rules.js';
import { encryptionKeyBytes, encryptionKeysProblem, KEY_CURE } from './encryption-keys.js';

/** Milliseconds that one command may take. */
export const DEFAULT_COMMAND_TIMEOUT_MS = 100;

/**
 * How the store connects to Redis and uses it. Exactly one of `url` and `client` is required.
 *
 * @publicApi
 */
export interface RedisTokenStoreOptions {
  /**
   * The `redis://` or `rediss://` URL of one server. The store opens and closes the connections to it. Required if there is
   * no `client`.
   */
  readonly url?: string;
  /**
   * The host's own client, `Redis` (also with Sentinel) or `Cluster`. The store uses it and never closes it. Required if
   * there is no `url`.
   */
  readonly client?: Redis | Cluster;
  /**
   * The prefix of all names in Redis, without braces. Give each application and each environment a different one.
   * Default `nudge-auth:`.
   */
  readonly keyPrefix?: string;
  /**
   * The keys that encrypt records, each at least 32 random bytes in base64, base64url or hex. The first one encrypts; the
   * others still read older records. `npx nestjs-nudge-auth key` makes one. With `tenants` at least one is required.
   * Default: keys derived from the API key that fetched the token.
   */
  readonly encryptionKeys?: readonly string[];
  /**
   * Milliseconds that one command may take, 10 to 1000, also if the given client has other settings. No caller waits longer
   * than 300 ms for all commands together. Default 100.
   */
  readonly timeoutMs?: number;
}

/** The options with their defaults. */
export interface ResolvedRedisTokenStoreOptions {
  readonly connection: { readonly url: string } | { readonly client: Redis | Cluster };
  readonly keyPrefix: string;
  /** The bytes of the keys, the current one first. */
  readonly encryptionKeys: readonly Buffer[] | undefined;
  readonly timeoutMs: number;
}

function isRedisUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
}

function isClient(client: unknown): boolean {
  return typeof (client as Partial<Redis> | null)?.duplicate === 'function';
}

/** @internal */
export const redisTokenStoreOptions = {
  url: v.optional(v.custom<string>(isRedisUrl, 'must be a redis:// or rediss:// URL')),
  client: v.optional(v.custom<Redis | Cluster>(isClient, 'must be a Redis or Cluster of ioredis')),
  keyPrefix: v.optional(
    v.custom<string>(
      (prefix) => typeof prefix === 'string' && !/[{}]/.test(prefix),
      'must be text without { and }, which would decide where a cluster puts the names',
    ),
    'nudge-auth:',
  ),
  encryptionKeys: v.optional(checkedBy<readonly string[]>(encryptionKeysProblem)),
  timeoutMs: v.optional(
    wholeNumber({ min: 10, max: 1_000, unit: 'milliseconds' }),
    DEFAULT_COMMAND_TIMEOUT_MS,
  ),
} satisfies Declarations<RedisTokenStoreOptions>;

const checkConnection: RuleBetweenOptions = ({ url, client }, report) => {
  if ((url === undefined) !== (client === undefined)) return;
  report(['url'], 'either url or client is required, and not both (is the environment variable set?)');
};

const schema = optionsOf(
  redisTokenStoreOptions,
  "must be an object such as { url: 'redis://127.0.0.1:6379' }",
  checkConnection,
);

/** The error for a registration with tenants and no keys: the tenants have no common API key from which to derive one. */
export function keysForTenants(): InvalidNudgeAuthOptionsError {
  const message = `at least one key is required with the option "tenants" (${KEY_CURE})`;
  return new InvalidNudgeAuthOptionsError('RedisTokenStore', [{ path: 'encryptionKeys', message }]);
}

/** @throws {InvalidNudgeAuthOptionsError} with every problem at once; never quotes a URL or a key. */
export function resolveRedisTokenStoreOptions(
  options: RedisTokenStoreOptions,
): ResolvedRedisTokenStoreOptions {
  const { url, client, encryptionKeys, ...rest } = checkOptions(schema, options, 'RedisTokenStore');
  return {
    ...rest,
    connection: client === undefined ? { url: String(url) } : { client },
    encryptionKeys: encryptionKeys?.map(encryptionKeyBytes).filter((key) => key !== undefined),
  };
}
