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
 * How an emulator and its default account are set up at the moment. Keys appear as fingerprints.
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
 * An HTTP server that answers as the Nudge token API does, as strictly, and that can be told to misbehave.
 * It listens on this machine only, unless `host` says otherwise; the tokens it issues are good for nothing.
 * It is for tests and drills: no production server, and no real key belongs in it.
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
   * A running emulator.
   *
   * @throws {EmulatorInputError} for options that make no sense, all of them at once.
   * @throws {Error} where it cannot listen: the port is taken, or the address is not this machine's.
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

  /** The public keys that verify its tokens (EdDSA only). Invented. */
  get jwksUrl(): string {
    return `${this.origin}${JWKS_PATH}`;
  }

  /** The base of the admin routes. */
  get adminUrl(): string {
    return `${this.origin}${ADMIN_PATH}`;
  }

  /** The last requests, oldest first, as many as `requestLogSize`; a snapshot. */
  get requests(): readonly EmulatorRequestRecord[] {
    return this.#log.records;
  }

  /** Totals since the start or the last reset; a snapshot. */
  get counters(): EmulatorCounters {
    return this.#log.counters;
  }

  /** How it is set up now; a snapshot without keys. */
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
   * Resolves once so many requests have arrived since the start or the last reset, answered or not.
   *
   * @throws {EmulatorInputError} for a count that is no whole number of 0 or more.
   */
  untilReceived(count: number): Promise<void> {
    return this.#log.untilReceived(parseInput('count', wholeNumberFrom(0), count));
  }

  /**
   * Sets one fault or several, in place of what was set before in the same layers. Several of one layer are a script:
   * each serves its `times` requests, then the next takes over.
   *
   * @param faults one after another or as a list: `setFault(a, b)` and `setFault([a, b])` do the same.
   * @throws {EmulatorInputError} naming all that is wrong; then nothing is set.
   */
  setFault(...faults: readonly (EmulatorFault | readonly EmulatorFault[])[]): void {
    this.#faults.set(parseFaults(faults, this.#accounts.names));
  }

  /** Ends all faults. Requests that one has hit already keep it: what hangs goes on hanging. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Forgets log, counters, faults and who has used how much of the rate limit. Keys and `enabled` stay as they are. */
  reset(): void {
    this.#faults.clear();
    this.#log.reset();
    this.#limiter.reset();
  }

  /**
   * Accepts these private keys of an account from now on, and none of its former ones.
   *
   * @param account its name; by default the account of the options at the top.
   * @throws {EmulatorInputError} for an empty list, a key that no header can carry, one that is public or another
   *   account's, or a name that no account has.
   */
  setApiKeys(apiKeys: readonly string[], account?: string): void {
    this.#accounts.setApiKeys(this.#accounts.named(account), parseInput('apiKeys', apiKeysSchema, apiKeys));
  }

  /**
   * Whether an account has short-lived tokens.
   *
   * @param account its name; by default the account of the options at the top.
   * @throws {EmulatorInputError} for anything but `true` and `false`, or a name that no account has.
   */
  setEnabled(enabled: boolean, account?: string): void {
    this.#accounts.named(account).enabled = parseInput('enabled', enabledSchema, enabled);
  }

  /**
   * Signs an account's tokens with a new key from now on and returns its `kid`.
   *
   * @param options `withdrawOld: true` takes the account's older keys out of the JWKS; by default they stay. `account` is
   *   its name; by default the account of the options at the top.
   * @throws {EmulatorInputError} for any other option, or a name that no account has.
   */
  rotateSigningKey(options: { readonly withdrawOld?: boolean; readonly account?: string } = {}): string {
    const { withdrawOld = false, account } = parseInput('options', rotationSchema, options);
    const { signingKeys } = this.#accounts.named(account);
    signingKeys.rotate(withdrawOld);
    return signingKeys.kid;
  }

  /** Ends everything at once, hanging connections included. Stopping twice does nothing more. */
  stop(): Promise<void> {
    this.#stopped ??= close(this.#server);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
