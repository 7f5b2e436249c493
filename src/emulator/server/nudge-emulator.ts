import { createServer, type Server } from 'node:http';
import { FaultBoard, type ListedFault } from '../faults/fault-board.js';
import type { EmulatorFault } from '../faults/fault-catalogue.js';
import { parseFaults } from '../faults/parse-faults.js';
import { wholeNumberFrom } from '../fields.js';
import { close, listen, originOf } from '../http/listening.js';
import { parseInput } from '../input-error.js';
import { AccountDirectory } from './account-directory.js';
import { apiKeysSchema, enabledSchema, type EmulatorAccountState } from './account.js';
import { AdminRoutes, ADMIN_PATH, rotationSchema } from './admin-routes.js';
import {
  resolveEmulatorOptions,
  type NudgeEmulatorOptions,
  type ResolvedEmulatorOptions,
} from './emulator-options.js';
import { RateLimiter } from './rate-limiter.js';
import { RequestLog, type EmulatorCounters, type EmulatorRequestRecord } from './request-log.js';
import { JWKS_PATH, RequestRouter } from './request-router.js';
import type { EmulatorAlgorithm } from './signing-keys.js';
import { TokenRoute } from './token-route.js';

/**
 * The current state of an emulator and its default account. Keys appear as fingerprints.
 *
 * @publicApi
 */
export interface EmulatorState extends EmulatorAccountState {
  readonly url: string;
  readonly algorithm: EmulatorAlgorithm;
  /** The further accounts, by name. */
  readonly accounts: Readonly<Record<string, EmulatorAccountState>>;
  readonly rateLimitPerMinute: number | false;
  readonly faults: readonly ListedFault[];
}

/**
 * An HTTP server that answers as strictly as the Nudge token API, and that can fail on request. It listens on this
 * machine only, unless `host` says otherwise. Nudge accepts none of its tokens. It is for tests and drills: do not use
 * it in production, and give it no real key.
 *
 * @example
 * const nudge = await NudgeEmulator.start({ apiKeys: ['a-fake-key'] });
 * nudge.setFault({ kind: 'status', status: 500, times: 2 });
 * // … point `baseUrl` to nudge.url …
 * await nudge.stop();
 *
 * @see https://docs.nudgenow.com/apis/get-jwt-token
 *
 * @publicApi
 */
export class NudgeEmulator implements AsyncDisposable {
  readonly #options: ResolvedEmulatorOptions;
  readonly #accounts: AccountDirectory;
  readonly #faults = new FaultBoard();
  readonly #limiter: RateLimiter;
  readonly #log: RequestLog;
  readonly #server: Server;
  #stopped: Promise<void> | undefined;

  private constructor(options: ResolvedEmulatorOptions) {
    const { clock } = options;
    this.#options = options;
    this.#accounts = new AccountDirectory(options.accounts, options);
    this.#limiter = new RateLimiter(options.rateLimitPerMinute, clock);
    this.#log = new RequestLog(options.requestLogSize, clock);
    this.#faults.set(options.faults);
    const router = new RequestRouter({
      clock,
      log: this.#log,
      accounts: this.#accounts,
      admin: new AdminRoutes(this, options),
      tokenRoute: new TokenRoute({
        clock,
        accounts: this.#accounts,
        limiter: this.#limiter,
        faults: this.#faults,
      }),
    });
    this.#server = createServer((message, response) => router.route(message, response));
  }

  /**
   * Starts an emulator.
   *
   * @throws {EmulatorInputError} when options are wrong. The error lists every problem.
   * @throws {Error} when it cannot listen: the port is in use, or the address does not belong to this machine.
   */
  static async start(options: NudgeEmulatorOptions = {}): Promise<NudgeEmulator> {
    const resolved = resolveEmulatorOptions(options);
    const emulator = new NudgeEmulator(resolved);
    await listen(emulator.#server, resolved.port, resolved.host);
    return emulator;
  }

  /** `http://host:port`, without the path of the API. */
  get origin(): string {
    return originOf(this.#server);
  }

  /** The base URL to give to a client: the token is at `{url}/clients/jwt/token`. */
  get url(): string {
    return `${this.origin}/api`;
  }

  /** The URL of the public keys that verify the emulator's tokens (EdDSA only). Invented. */
  get jwksUrl(): string {
    return `${this.origin}${JWKS_PATH}`;
  }

  /** The base URL of the admin routes. */
  get adminUrl(): string {
    return `${this.origin}${ADMIN_PATH}`;
  }

  /** The last requests, at most `requestLogSize`, the oldest first. A snapshot. */
  get requests(): readonly EmulatorRequestRecord[] {
    return this.#log.records;
  }

  /** The totals since the start or the last reset. A snapshot. */
  get counters(): EmulatorCounters {
    return this.#log.counters;
  }

  /** The current settings and faults. A snapshot without keys. */
  get state(): EmulatorState {
    return {
      ...this.#accounts.named().state,
      url: this.url,
      algorithm: this.#options.algorithm,
      accounts: Object.fromEntries(this.#accounts.further.map(({ name, state }) => [name, state])),
      rateLimitPerMinute: this.#options.rateLimitPerMinute,
      faults: this.#faults.list(),
    };
  }

  /**
   * Resolves when this many requests have arrived since the start or the last reset, answered or not.
   *
   * @throws {EmulatorInputError} when the count is not a whole number of 0 or more.
   */
  untilReceived(count: number): Promise<void> {
    return this.#log.untilReceived(parseInput('count', wholeNumberFrom(0), count));
  }

  /**
   * Sets one fault or several. They replace the earlier faults in the same layers. Several faults of one layer are a
   * script: each hits as many requests as its `times` says, then the next one does.
   *
   * @param faults several arguments or a list: `setFault(a, b)` and `setFault([a, b])` do the same.
   * @throws {EmulatorInputError} when a fault is wrong. The error lists every problem, and no fault is set.
   */
  setFault(...faults: readonly (EmulatorFault | readonly EmulatorFault[])[]): void {
    this.#faults.set(parseFaults(faults, this.#accounts.names));
  }

  /** Clears all faults. A request that a fault has already hit keeps it: a hanging request goes on hanging. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Clears the log, the counters, the faults and the use of the rate limit. Keys and `enabled` stay as they are. */
  reset(): void {
    this.#faults.clear();
    this.#log.reset();
    this.#limiter.reset();
  }

  /**
   * Replaces the private keys of an account: from now on the emulator accepts these keys, and none of the former ones.
   *
   * @param account the name of the account. Default: `default`.
   * @throws {EmulatorInputError} for an empty list, a key that no header can hold, a public key, a key of another
   *   account, or a name that no account has.
   */
  setApiKeys(apiKeys: readonly string[], account?: string): void {
    this.#accounts.setApiKeys(this.#accounts.named(account), parseInput('apiKeys', apiKeysSchema, apiKeys));
  }

  /**
   * Switches the short-lived tokens of an account on or off.
   *
   * @param account the name of the account. Default: `default`.
   * @throws {EmulatorInputError} for a value other than `true` and `false`, or a name that no account has.
   */
  setEnabled(enabled: boolean, account?: string): void {
    this.#accounts.named(account).enabled = parseInput('enabled', enabledSchema, enabled);
  }

  /**
   * Signs an account's tokens with a new key from now on, and returns the key's `kid`.
   *
   * @param options `withdrawOld: true` removes the account's older keys from the JWKS; by default they stay. `account`
   *   is the name of the account, by default `default`.
   * @throws {EmulatorInputError} for any other option, or a name that no account has.
   */
  rotateSigningKey(options: { readonly withdrawOld?: boolean; readonly account?: string } = {}): string {
    const { withdrawOld = false, account } = parseInput('options', rotationSchema, options);
    const { signingKeys } = this.#accounts.named(account);
    signingKeys.rotate(withdrawOld);
    return signingKeys.kid;
  }

  /** Stops the emulator at once and closes every connection, also hanging ones. A second call does nothing. */
  stop(): Promise<void> {
    this.#stopped ??= close(this.#server);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
