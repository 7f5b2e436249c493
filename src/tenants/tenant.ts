import { elapsedMs, type Clock, type Instant, type Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { HOUR_MS, SECOND_MS } from '../common/durations.js';
import { isNudgeAuthError, type NudgeAuthError } from '../common/errors.js';
import { assembleTokenCache } from '../cache/assemble-token-cache.js';
import type { TokenCache, TokenCacheOptions } from '../cache/token-cache.js';
import type { StoreCircuitBreaker } from '../store/store-circuit-breaker.js';
import type { TokenStore } from '../store/token-store.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { LogLines, type LogSink } from '../telemetry/log-lines.js';
import { StatusBoard } from '../telemetry/status-board.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { ApiKeys } from '../vendor/api-keys.js';
import type { AttemptOptions } from '../vendor/attempts.js';
import { Backoff } from '../vendor/backoff.js';
import { isFailureOfAll } from '../vendor/shared-failure.js';
import type { VendorGateway } from '../vendor/vendor-gateway.js';
import type { TenantAccount } from './tenant-account.js';
import type { VendorOrigins } from './vendor-origins.js';

/** While no newer config can be had, the last one serves for so long. */
const CONFIG_SERVES_MS = HOUR_MS;
/** After a refusal a call waits for a newer config, but leaves time for the fallback key. */
const NEWER_KEY_WITHIN_MS = SECOND_MS;

/** Which of the tenant's tokens. */
export interface TenantTokenRequest {
  /** Default: the account's. */
  readonly expiryMins: number | undefined;
  readonly extId: string | undefined;
  readonly forceRefresh?: boolean | undefined;
}

/** What all tenants of a registration have in common. */
export interface TenantParts {
  readonly origins: VendorOrigins;
  readonly store: TokenStore | undefined;
  readonly breaker: StoreCircuitBreaker;
  /** @param storeScope what tells the tenant's entries from others in a shared store. */
  readonly optionsOf: (storeScope: readonly string[]) => TokenCacheOptions & AttemptOptions;
  readonly scope: 'client' | 'user';
  readonly configTtlMs: number;
  /** Asks for the tenant's config anew; resolves when the answer has been taken in. */
  readonly askAnew: (tenant: string) => Promise<void>;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * One tenant: its account, and a token cache, keys, backoff and events of its own. Nothing here knows another tenant; what
 * they share (budget, pause, room, store) comes from outside.
 */
export class Tenant {
  readonly id: string;
  readonly fingerprint: string;
  /** Its own events; the registration gets them with its fingerprint. */
  readonly events: NudgeAuthEvents;
  readonly board: StatusBoard;
  readonly configBackoff: Backoff;
  askedAt: Instant;
  /** Its log lines, where it has any. */
  lines: LogLines | undefined;
  readonly #parts: TenantParts;
  /** What its config said last; replaced where the account has moved. */
  #at: { account: TenantAccount };
  #accountAt: Instant;
  #cache: TokenCache;
  #gateway: VendorGateway;
  #dismissal: NudgeAuthError | undefined;

  constructor(id: string, fingerprint: string, account: TenantAccount, parts: TenantParts) {
    const { events, clock, random } = parts;
    this.id = id;
    this.fingerprint = fingerprint;
    this.#parts = parts;
    this.#at = { account };
    this.#accountAt = this.askedAt = clock.now();
    this.configBackoff = new Backoff(clock, random);
    this.events = events.forTenant(fingerprint);
    this.board = new StatusBoard(this.events, clock, {
      isOfAll: (code) => isFailureOfAll(code, parts.scope),
    });
    ({ cache: this.#cache, gateway: this.#gateway } = this.#assemble());
  }

  /** Writes a line for every change of its state. */
  loggedTo(sink: LogSink): this {
    this.lines ??= new LogLines(this.events, sink, this.#parts.clock);
    return this;
  }

  get cache(): TokenCache {
    return this.#cache;
  }

  get defaultExpiryMins(): number {
    return this.#at.account.defaultExpiryMins;
  }

  /** Whether the config is young enough to serve. */
  isServable(now: Instant): boolean {
    return elapsedMs(this.#accountAt, now) < CONFIG_SERVES_MS;
  }

  /** Whether the config is so old that a newer one is to be asked for, and may be. */
  isConfigDue(now: Instant): boolean {
    return (
      elapsedMs(this.#accountAt, now) >= this.#parts.configTtlMs && this.configBackoff.remainingMs() === 0
    );
  }

  getToken(request: TenantTokenRequest, begunAt?: Instant): NudgeToken | Promise<NudgeToken> {
    const { expiryMins = this.defaultExpiryMins, extId, forceRefresh } = request;
    const token = this.#cache.getToken({ expiryMins, extId, forceRefresh }, begunAt);
    if (!(token instanceof Promise)) return token;
    return this.#orNews(token, request, begunAt ?? this.#parts.clock.now());
  }

  /** Takes in what the host said last. Another base URL is another vendor: nothing held or learnt is of use there. */
  adopt(account: TenantAccount): void {
    const former = this.#at.account;
    this.#accountAt = this.#parts.clock.now();
    this.configBackoff.succeed();
    if (account.baseUrl !== former.baseUrl) {
      void this.#cache.close();
      // What is still under way there goes on with the key of there: the new one must not travel to the former vendor.
      this.#at = { account };
      ({ cache: this.#cache, gateway: this.#gateway } = this.#assemble());
      return;
    }
    this.#at.account = account;
    if (
      account.apiKey.fingerprint !== former.apiKey.fingerprint ||
      account.fallbackApiKey?.fingerprint !== former.fallbackApiKey?.fingerprint
    ) {
      this.#gateway.forgetRefusedKey();
    }
  }

  /** The tenant is served no more: its tokens are dropped, here and in the store, and no call is made. */
  async dismiss(reason: NudgeAuthError): Promise<void> {
    this.#dismissal = reason;
    await Promise.all([this.#cache.invalidateAll(), this.#cache.close()]);
  }

  /** Resolves when what is under way has ended. */
  close(): Promise<void> {
    return this.#cache.close();
  }

  /** A caller whose token fails because the tenant has changed meanwhile is served as it is now, or told why not. */
  async #orNews(
    token: Promise<NudgeToken>,
    request: TenantTokenRequest,
    begunAt: Instant,
  ): Promise<NudgeToken> {
    const cache = this.#cache;
    try {
      return await token;
    } catch (error) {
      if (this.#dismissal !== undefined && isNudgeAuthError(error)) throw this.#dismissal;
      if (cache === this.#cache) throw error;
      return this.getToken(request, begunAt);
    }
  }

  #assemble(): { readonly cache: TokenCache; readonly gateway: VendorGateway } {
    const { origins, store, breaker, optionsOf, clock, random } = this.#parts;
    const { baseUrl } = this.#at.account;
    const { queue, pause } = origins.of(baseUrl);
    const view = store?.forTenant?.(this.id);
    return assembleTokenCache({
      source: origins.sourceOf(baseUrl),
      apiKeys: this.#keys(),
      queue,
      pause,
      lane: this.id,
      watched: view && { store: view, breaker },
      options: optionsOf([baseUrl, this.id]),
      events: this.events,
      clock,
      random,
    });
  }

  #keys(): ApiKeys {
    const at = this.#at;
    const key = async (isRefused: boolean): Promise<TenantAccount['apiKey']> => {
      if (isRefused) await this.#askForNewerKey();
      return at.account.apiKey;
    };
    const providers = {
      primary: { key },
      get fallback() {
        return at.account.fallbackApiKey;
      },
    };
    return new ApiKeys(providers, this.events, this.#parts.clock);
  }

  async #askForNewerKey(): Promise<void> {
    const { askAnew, clock } = this.#parts;
    const late = new Error('late');
    await new Deadline(clock, NEWER_KEY_WITHIN_MS).race(askAnew(this.id), () => late).catch(() => undefined);
  }
}
