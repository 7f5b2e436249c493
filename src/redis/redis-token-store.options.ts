import type { Cluster, Redis } from 'ioredis';
import { InvalidNudgeAuthOptionsError, type OptionProblem } from '../common/options-error.js';
import { encryptionKeyBytes, encryptionKeysProblem, KEY_CURE } from './encryption-keys.js';

/** Milliseconds one command may take. */
export const DEFAULT_COMMAND_TIMEOUT_MS = 100;
export const DEFAULT_KEY_PREFIX = 'nudge-auth:';
const LEAST_TIMEOUT_MS = 10;
const LONGEST_TIMEOUT_MS = 1_000;

/** Where Redis is and how it is used. Exactly one of `url` and `client` is required. */
export interface RedisTokenStoreOptions {
  /** `redis://` or `rediss://` URL of one server; the store then connects by itself, and closes what it has opened. */
  readonly url?: string;
  /** A client of the host's own, `Redis` (Sentinel included) or `Cluster`. It is used, and never closed. */
  readonly client?: Redis | Cluster;
  /** What all names in Redis begin with, without braces. Default `nudge-auth:`. */
  readonly keyPrefix?: string;
  /**
   * Keys to encrypt records with, each at least 32 random bytes in base64, base64url or hex, the current one first; older
   * ones are still read. `npx nestjs-nudge-auth key` makes one. Required with `tenants`. Default: derived from the API key
   * that fetched the token.
   */
  readonly encryptionKeys?: readonly string[];
  /** Milliseconds one command may take, 10 to 1000, also with a client of other settings. Default 100. */
  readonly timeoutMs?: number;
}

/** The options with their defaults. */
export interface ResolvedRedisTokenStoreOptions {
  readonly connection: { readonly url: string } | { readonly client: Redis | Cluster };
  readonly keyPrefix: string;
  /** Their bytes, the current one's first. */
  readonly encryptionKeys: readonly Buffer[] | undefined;
  readonly timeoutMs: number;
}

function urlProblem(url: unknown): string | undefined {
  const isRedis = typeof url === 'string' && URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
  return isRedis ? undefined : 'must be a redis:// or rediss:// URL';
}

function problemsOf(options: RedisTokenStoreOptions): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const add = (path: string, message: string | undefined): void => {
    if (message !== undefined) problems.push({ path, message });
  };
  const { url, client, keyPrefix, encryptionKeys, timeoutMs } = options;
  if ((url === undefined) === (client === undefined)) {
    add('url', 'either url or client is required, and not both (is the environment variable set?)');
  } else if (url !== undefined) add('url', urlProblem(url));
  else if (typeof client?.duplicate !== 'function') add('client', 'must be a Redis or Cluster of ioredis');
  if (keyPrefix !== undefined && (typeof keyPrefix !== 'string' || /[{}]/.test(keyPrefix))) {
    add('keyPrefix', 'must be text without { and }, which would decide where a cluster puts the names');
  }
  if (encryptionKeys !== undefined) add('encryptionKeys', encryptionKeysProblem(encryptionKeys));
  const isTimeout =
    timeoutMs === undefined ||
    (Number.isFinite(timeoutMs) && timeoutMs >= LEAST_TIMEOUT_MS && timeoutMs <= LONGEST_TIMEOUT_MS);
  if (!isTimeout) {
    add('timeoutMs', `must be a number of milliseconds from ${LEAST_TIMEOUT_MS} to ${LONGEST_TIMEOUT_MS}`);
  }
  return problems;
}

/** What to say where a registration has tenants: they have no API key in common to derive anything from. */
export function keysForTenants(): InvalidNudgeAuthOptionsError {
  const message = `at least one key is required with the option "tenants" (${KEY_CURE})`;
  return new InvalidNudgeAuthOptionsError('RedisTokenStore', [{ path: 'encryptionKeys', message }]);
}

/** @throws {InvalidNudgeAuthOptionsError} with every problem at once; never quotes a URL or a key. */
export function resolveRedisTokenStoreOptions(
  options: RedisTokenStoreOptions,
): ResolvedRedisTokenStoreOptions {
  const problems = problemsOf(options);
  if (problems.length > 0) throw new InvalidNudgeAuthOptionsError('RedisTokenStore', problems);
  const { url, client, keyPrefix, encryptionKeys, timeoutMs } = options;
  return {
    connection: client === undefined ? { url: String(url) } : { client },
    keyPrefix: keyPrefix ?? DEFAULT_KEY_PREFIX,
    encryptionKeys: encryptionKeys?.map(encryptionKeyBytes).filter((key) => key !== undefined),
    timeoutMs: timeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS,
  };
}
