import { Inject, Injectable } from '@nestjs/common';
import { statusOf } from '../cache/cache-status.js';
import { TokenCache } from '../cache/token-cache.js';
import { catchRejection } from '../common/catch-rejection.js';
import type { Instant } from '../common/clock.js';
import { asNudgeAuthError, NudgeAuthError } from '../common/errors.js';
import { NUDGE_AUTH_OPTIONS } from '../common/injection-tokens.js';
import { untilAborted } from '../common/deadline.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../telemetry/events.js';
import { StatusBoard } from '../telemetry/status-board.js';
import { tenantIdOf } from '../tenants/tenant-id.js';
import { Tenants } from '../tenants/tenants.js';
import type { NudgeToken } from '../token/nudge-token.js';
import type { NudgeTokenRequest, NudgeTokenSelector, NudgeTokenStatus } from './nudge-token.types.js';
import { noteLoadedCopy } from './second-copy.js';
import { selectionOf, tenantRequired, withoutTenants, type DefiniteSelection } from './selection.js';
import { standingOf, standingOfAll } from './standing.js';

export type * from './nudge-token.types.js';

/**
 * `getToken` for the endpoint: it returns a held token without a promise, because promises cost time on the hot path. The
 * deadline counts from the arrival of the request. If the host has replaced the service or its method, it calls that
 * method and returns the promise.
 */
export let tokenAtOnce: (
  service: NudgeTokenService,
  request: NudgeTokenRequest | undefined,
  arrivedAt: Instant,
) => NudgeToken | Promise<NudgeToken>;

noteLoadedCopy();

/**
 * Hands out Nudge tokens: the held token while it is good, otherwise a new one.
 *
 * @publicApi
 */
@Injectable()
export class NudgeTokenService {
  /** `undefined` with tenants, because each tenant has its own cache. */
  readonly #cache: TokenCache | undefined;
  readonly #tenants: Tenants | undefined;
  readonly #board: StatusBoard;
  readonly #events: NudgeAuthEvents;
  readonly #options: ResolvedNudgeAuthOptions;
  readonly #byDefault: DefiniteSelection;
  #last: { readonly token: NudgeToken; readonly promise: Promise<NudgeToken> } | undefined;

  static {
    // oxlint-disable-next-line typescript/unbound-method -- only compared
    const { getToken } = NudgeTokenService.prototype;
    tokenAtOnce = (service, request, arrivedAt) =>
      #cache in service && service.getToken === getToken
        ? service.#getToken(request, arrivedAt)
        : Promise.resolve(service.getToken(request));
  }

  /** @internal Nest creates the service. */
  constructor(
    @Inject(TokenCache) cache: TokenCache | undefined,
    @Inject(StatusBoard) board: StatusBoard,
    @Inject(NudgeAuthEvents) events: NudgeAuthEvents,
    @Inject(NUDGE_AUTH_OPTIONS) options: ResolvedNudgeAuthOptions,
    @Inject(Tenants) tenants?: Tenants,
  ) {
    this.#cache = cache;
    this.#tenants = tenants;
    this.#board = board;
    this.#events = events;
    this.#options = options;
    this.#byDefault = { expiryMins: options.defaultExpiryMins, extId: undefined };
  }

  /**
   * Returns a token that still lives for a while: the held one if it is good, otherwise one from Nudge.
   *
   * @throws {NudgeAuthError} with the `code` that says why there is no token, after `http.deadlineMs` at the latest.
   */
  getToken(request?: NudgeTokenRequest): Promise<NudgeToken> {
    // Not async: all callers of a held token share one promise.
    try {
      const token = this.#getToken(request);
      return token instanceof Promise ? token : this.#resolved(token);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Drops the held token, so that the next caller gets a new one. In scope `'user'` the new one comes 30 s after the last
   * one at the earliest, like every token of one user. Nudge cannot withdraw a token: a client that has the old one can
   * use it until it expires. With `tenant` alone the call drops all tokens of that tenant, in every process, and asks for
   * the tenant's config anew.
   *
   * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` if the selector is out of bounds.
   */
  async invalidate(request: NudgeTokenSelector = {}): Promise<void> {
    if (this.#cache !== undefined) return this.#cache.invalidate(this.#select(request));
    const { tenant, expiryMins, extId } = request;
    if (expiryMins === undefined && extId === undefined) return this.#tenants?.invalidateAll(tenant);
    return this.#tenants?.invalidate(tenant, selectionOf(request, this.#options.scope));
  }

  /**
   * Drops all tokens of the registration. The other processes that share its store follow within 2 s.
   *
   * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` with the option `tenants`: call `invalidate` with the tenant instead.
   */
  async invalidateAll(): Promise<void> {
    if (this.#cache === undefined) throw tenantRequired();
    await this.#cache.invalidateAll();
  }

  /**
   * Reports which tokens are held and how the last attempts ended, but never a token or a key. With the option `tenants` it
   * reports on the given tenant, or on all tenants together.
   *
   * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` if `tenant` is out of bounds, or given without the option `tenants`.
   */
  status({ tenant }: Pick<NudgeTokenSelector, 'tenant'> = {}): NudgeTokenStatus {
    const { scope, store } = this.#options;
    const { summary } = this.#board;
    const enabled = this.#isEnabled();
    const registration = { scope, enabled, hasStore: store !== undefined } as const;
    if (tenant === undefined && this.#tenants !== undefined) {
      const ofAll = standingOfAll(this.#tenants.activeStatuses(), enabled);
      const heldTokens = this.#tenants.size;
      return { ...summary, ...ofAll, ...registration, heldTokens, tokens: [], nextAttemptInMs: 0 };
    }
    if (tenant !== undefined && this.#tenants === undefined) throw withoutTenants();
    const held = this.#tenants?.statusOf(tenant) ?? statusOf(this.#cache, summary);
    const { storeAvailable, userKeys, auditDropped } = summary;
    return {
      ...held.summary,
      ...standingOf(held, enabled),
      ...registration,
      // These describe the registration, also if the rest describes one tenant.
      storeAvailable,
      userKeys,
      auditDropped,
      heldTokens: held.heldTokens,
      tokens: scope === 'client' ? held.tokens : [],
      nextAttemptInMs: held.nextAttemptInMs,
    };
  }

  /**
   * Calls `listener` for every event of this registration from now on. The module catches the errors of the listener and
   * logs the first one; no token depends on it. The listener runs in the thread that serves requests, so let it do little.
   *
   * @returns a function that ends the subscription.
   * @see docs/events.md
   */
  subscribe(listener: (event: NudgeAuthEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** Treats a switch that throws or does not return `true` as off, so that nothing is sent by mistake. */
  #isEnabled(): boolean {
    const { enabled } = this.#options;
    if (enabled === undefined) return true;
    try {
      const isEnabled: unknown = enabled();
      // An asynchronous switch counts as off. Its rejection must not end the process.
      catchRejection(isEnabled);
      return isEnabled === true;
    } catch {
      return false;
    }
  }

  #resolved(token: NudgeToken): Promise<NudgeToken> {
    if (this.#last?.token !== token) this.#last = { token, promise: Promise.resolve(token) };
    return this.#last.promise;
  }

  #getToken(request: NudgeTokenRequest = {}, arrivedAt?: Instant): NudgeToken | Promise<NudgeToken> {
    const token =
      this.#cache === undefined
        ? this.#ofTenant(request, arrivedAt)
        : this.#ofCache(this.#cache, request, arrivedAt);
    const { signal } = request;
    return signal === undefined || !(token instanceof Promise) ? token : untilAborted(token, signal);
  }

  #ofCache(
    cache: TokenCache,
    request: NudgeTokenRequest,
    arrivedAt?: Instant,
  ): NudgeToken | Promise<NudgeToken> {
    const selected = this.#admit(request);
    const { forceRefresh, signal } = request;
    signal?.throwIfAborted();
    return cache.getToken(forceRefresh === true ? { ...selected, forceRefresh } : selected, arrivedAt);
  }

  #ofTenant(request: NudgeTokenRequest, arrivedAt?: Instant): NudgeToken | Promise<NudgeToken> {
    const { forceRefresh, signal } = request;
    const { tenants, tenant, ...selected } = this.#admitOfTenant(request);
    signal?.throwIfAborted();
    return tenants.getToken(tenant, { ...selected, forceRefresh }, arrivedAt);
  }

  /** Checks the request and counts it if it is refused here. The cache counts all other requests. */
  #admit(request: NudgeTokenRequest): DefiniteSelection {
    try {
      const selected = this.#select(request);
      this.#assertEnabled();
      return selected;
    } catch (error) {
      throw this.#counted(error);
    }
  }

  #admitOfTenant(request: NudgeTokenRequest) {
    try {
      const tenants = this.#tenants;
      if (tenants === undefined || request.tenant === undefined) throw tenantRequired();
      const selected = selectionOf(request, this.#options.scope);
      this.#assertEnabled();
      return { ...selected, tenants, tenant: tenantIdOf(request.tenant) };
    } catch (error) {
      throw this.#counted(error);
    }
  }

  #assertEnabled(): void {
    if (this.#isEnabled()) return;
    throw new NudgeAuthError('NUDGE_DISABLED', 'Nudge tokens are switched off by the option "enabled"');
  }

  #counted(error: unknown): unknown {
    this.#events.counts.requests.failed.add(asNudgeAuthError(error).code);
    return error;
  }

  #select(request: NudgeTokenSelector): DefiniteSelection {
    if (request.tenant !== undefined) throw withoutTenants();
    const { scope, defaultExpiryMins } = this.#options;
    if (scope === 'client' && request.expiryMins === undefined && request.extId === undefined) {
      return this.#byDefault;
    }
    const { expiryMins = defaultExpiryMins, extId } = selectionOf(request, scope);
    return { expiryMins, extId };
  }
}
