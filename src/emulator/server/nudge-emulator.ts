import { createServer, type Server } from 'node:http';
import { fingerprintOf } from '../../common/secret.js';
import { FaultBoard, type ListedFault } from '../faults/fault-board.js';
import type { EmulatorFault } from '../faults/fault-catalogue.js';
import { parseFaults } from '../faults/parse-faults.js';
import { flag, wholeNumberFrom } from '../fields.js';
import { close, listen, originOf } from '../http/listening.js';
import { parseInput } from '../input-error.js';
import { AdminRoutes, ADMIN_PATH, rotationSchema } from './admin-routes.js';
import {
  apiKeysSchema,
  resolveEmulatorOptions,
  type NudgeEmulatorOptions,
  type ResolvedEmulatorOptions,
} from './emulator-options.js';
import { RateLimiter } from './rate-limiter.js';
import { RequestLog, type EmulatorCounters, type EmulatorRequestRecord } from './request-log.js';
import { JWKS_PATH, RequestRouter } from './request-router.js';
import { SigningKeys, type EmulatorAlgorithm } from './signing-keys.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenRoute } from './token-route.js';

/**
 * How an emulator is set up at the moment. Keys appear as fingerprints.
 *
 * @publicApi
 */
export interface EmulatorState {
  readonly url: string;
  readonly enabled: boolean;
  readonly algorithm: EmulatorAlgorithm;
  /** The key that signs now. */
  readonly kid: string;
  readonly apiKeyFingerprints: readonly string[];
  readonly publicKeyFingerprints: readonly string[];
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
  readonly #rules: { apiKeys: ReadonlySet<string>; publicKeys: ReadonlySet<string>; enabled: boolean };
  readonly #faults = new FaultBoard();
  readonly #limiter: RateLimiter;
  readonly #keys: SigningKeys;
  readonly #log: RequestLog;
  readonly #server: Server;
  #stopped: Promise<void> | undefined;

  private constructor(options: ResolvedEmulatorOptions) {
    const { clock } = options;
    this.#options = options;
    this.#rules = {
      apiKeys: new Set(options.apiKeys),
      publicKeys: new Set(options.publicKeys),
      enabled: options.enabled,
    };
    this.#limiter = new RateLimiter(options.rateLimitPerMinute, clock);
    this.#keys = new SigningKeys(options.algorithm, options.seed);
    this.#log = new RequestLog(options.requestLogSize, clock);
    this.#faults.set(options.faults);
    const router = new RequestRouter({
      clock,
      log: this.#log,
      keys: this.#keys,
      admin: new AdminRoutes(this, options),
      tokenRoute: new TokenRoute({
        clock,
        rules: this.#rules,
        limiter: this.#limiter,
        issuer: new TokenIssuer(this.#keys, clock, options.extIdClaim),
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
      url: this.url,
      enabled: this.#rules.enabled,
      algorithm: this.#keys.algorithm,
      kid: this.#keys.kid,
      apiKeyFingerprints: [...this.#rules.apiKeys].map(fingerprintOf),
      publicKeyFingerprints: [...this.#rules.publicKeys].map(fingerprintOf),
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
    this.#faults.set(parseFaults(faults));
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

  /** @throws {EmulatorInputError} for an empty list or a key that no header can carry. */
  setApiKeys(apiKeys: readonly string[]): void {
    this.#rules.apiKeys = new Set(parseInput('apiKeys', apiKeysSchema, apiKeys));
  }

  /**
   * Whether the account has short-lived tokens.
   *
   * @throws {EmulatorInputError} for anything but `true` and `false`.
   */
  setEnabled(enabled: boolean): void {
    this.#rules.enabled = parseInput('enabled', flag, enabled);
  }

  /**
   * Signs with a new key from now on and returns its `kid`.
   *
   * @param options `withdrawOld: true` takes the older keys out of the JWKS; by default they stay.
   * @throws {EmulatorInputError} for any other option.
   */
  rotateSigningKey(options: { readonly withdrawOld?: boolean } = {}): string {
    const { withdrawOld = false } = parseInput('options', rotationSchema, options);
    this.#keys.rotate(withdrawOld);
    return this.#keys.kid;
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
