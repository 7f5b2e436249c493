import { elapsedMs, type Clock, type Instant, type Random } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { HOUR_MS, SECOND_MS } from '../common/durations.js';
import { isNudgeAuthError, type NudgeAuthError } from '../common/errors.js';
import { assembleTokenCache } from '../cache/create-token-cache.js';
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
import { affectsAllTokens } from '../vendor/failures.js';
import type { VendorGateway } from '../vendor/vendor-gateway.js';
import type { TenantAccount } from './tenant-account.js';
import type { VendorOrigins } from './vendor-origins.js';

/** While the host gives no newer config, the module uses the last one for this long. */
const CONFIG_SERVES_MS = HOUR_MS;
/** After Nudge has refused a key, a call waits this long for a newer config, so that time is left for the fallback key. */
const NEWER_KEY_WITHIN_MS = SECOND_MS;

/** Selects one of the tenant's tokens. */
export interface TenantTokenRequest {
  /** Default: the `defaultExpiryMins` of the account. */
  readonly expiryMins: number | undefined;
  readonly extId: string | undefined;
  readonly forceRefresh?: boolean | undefined;
}

/** The parts that all tenants of a registration have in common. */
export interface TenantParts {
  readonly origins: VendorOrigins;
  readonly store: TokenStore | undefined;
  readonly breaker: StoreCircuitBreaker;
  /** @param storeScope distinguishes the tenant's entries from others in a shared store. */
  readonly optionsOf: (storeScope: readonly string[]) => TokenCacheOptions & AttemptOptions;
  readonly scope: 'client' | 'user';
  readonly configTtlMs: number;
  /** Asks for the tenant's config anew. Resolves when the answer has been applied. */
  readonly askAnew: (tenant: string) => Promise<void>;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * One tenant, with its own account, token cache, keys, backoff and events. It knows no other tenant. What tenants share
 * (budget, pause, room, store) comes in from outside.
 */
export class Tenant {
  readonly id: string;
  readonly fingerprint: string;
  /** The events of this tenant. The registration gets them with the tenant's fingerprint. */
  readonly events: NudgeAuthEvents;
  readonly board: StatusBoard;
  readonly configBackoff: Backoff;
  askedAt: Instant;
  /** The log lines of this tenant, once `loggedTo` was called. */
  lines: LogLines | undefined;
  readonly #parts: TenantParts;
  /** The account by the last config. It becomes a new object when the account moves to another base URL. */
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
      affectsAllTokens: (code) => affectsAllTokens(code, parts.scope),
    });
    ({ cache: this.#cache, gateway: this.#gateway } = this.#assemble());
  }

  /** Makes the tenant log a line for every change of its state. */
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

  /** Whether the config is young enough to use. */
  isServable(now: Instant): boolean {
    return elapsedMs(this.#accountAt, now) < CONFIG_SERVES_MS;
  }

  /** Whether the config is old enough to ask for a newer one, and no backoff prevents that. */
  isConfigDue(now: Instant): boolean {
    return (
      elapsedMs(this.#accountAt, now) >= this.#parts.configTtlMs && this.configBackoff.remainingMs() === 0
    );
  }

  getToken(request: TenantTokenRequest, begunAt?: Instant): NudgeToken | Promise<NudgeToken> {
    const { expiryMins = this.defaultExpiryMins, extId, forceRefresh } = request;
    const token = this.#cache.getToken({ expiryMins, extId, forceRefresh }, begunAt);
    if (!(token instanceof Promise)) return token;
    return this.#orAfterChange(token, request, begunAt ?? this.#parts.clock.now());
  }

  /** Uses a new account. With another base URL it starts with an empty cache, because the held tokens are not valid there. */
  adopt(account: TenantAccount): void {
    const former = this.#at.account;
    this.#accountAt = this.#parts.clock.now();
    this.configBackoff.succeed();
    if (account.baseUrl !== former.baseUrl) {
      void this.#cache.close();
      // Calls that are under way go on with the former account: the new key must not travel to the former vendor.
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

  /** Stops serving the tenant: drops its tokens, here and in the store, and makes no more calls. Callers get `reason`. */
  async dismiss(reason: NudgeAuthError): Promise<void> {
    this.#dismissal = reason;
    await Promise.all([this.#cache.invalidateAll(), this.#cache.close()]);
  }

  /** Resolves when all work under way has ended. */
  close(): Promise<void> {
    return this.#cache.close();
  }

  /** If the token fails because the tenant changed meanwhile, asks the changed tenant, or throws why it is not served. */
  async #orAfterChange(
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
