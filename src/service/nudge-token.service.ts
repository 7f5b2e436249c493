import { Inject, Injectable } from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import { TokenCache } from '../cache/token-cache.js';
import type { Instant } from '../common/clock.js';
import { asNudgeAuthError, NudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';
import { NUDGE_AUTH_OPTIONS } from '../common/injection-tokens.js';
import { MAX_EXPIRY_MINS, MAX_EXT_ID_LENGTH, MIN_EXPIRY_MINS } from '../options/nudge-auth.options.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../telemetry/events.js';
import { StatusBoard, type StatusSummary } from '../telemetry/status-board.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { noteLoadedCopy } from './second-copy.js';

/**
 * Which token is meant.
 *
 * @publicApi
 */
export interface NudgeTokenSelector {
  /** Minutes the token lives, 30 to 1440. Default: the registration's `defaultExpiryMins`. */
  expiryMins?: number;
  /** The user's external id, 1 to 100 characters. Required in scope `'user'`, refused in scope `'client'`. */
  extId?: string;
}

/**
 * Which token is asked for, and how.
 *
 * @publicApi
 */
export interface NudgeTokenRequest extends NudgeTokenSelector {
  /** `true` skips the held token and gets one that was fetched after this call. */
  forceRefresh?: boolean;
  /** Releases this caller when aborted, with the signal's reason; what others wait for goes on. */
  signal?: AbortSignal;
}

/** A held token in a status: everything but the token. */
export interface HeldTokenStatus {
  /** Minutes it was asked to live. */
  readonly expiryMins: number;
  /** Names the API key that fetched it. */
  readonly keyFingerprint: string;
  /** Milliseconds since it arrived. */
  readonly ageMs: number;
  /** Milliseconds it can still be used. */
  readonly remainingMs: number;
}

/**
 * What the service knows of its own work. Holds neither tokens nor keys nor users' ids.
 *
 * @publicApi
 */
export interface NudgeTokenStatus extends StatusSummary {
  readonly scope: 'client' | 'user';
  /** What the kill switch says. */
  readonly enabled: boolean;
  /** How many tokens are held. */
  readonly heldTokens: number;
  /** Each of them, in scope `'client'`; in scope `'user'` the number has to do. */
  readonly tokens: readonly HeldTokenStatus[];
  /** Whether a caller can get a token now: one is held, or no failure keeps one from being fetched. */
  readonly canServe: boolean;
  /** Whether tokens are being renewed: the last failure has ended, and nothing is waited out. */
  readonly canRenew: boolean;
  /** Why tokens cannot be renewed. */
  readonly renewalFailure: NudgeAuthErrorCode | undefined;
  /** Whether processes share tokens by the option `store`. */
  readonly hasStore: boolean;
  /** Milliseconds until Nudge may be called again after failures or a 429; 0 when it may be now. */
  readonly nextAttemptInMs: number;
}

/** A caller's wish, checked. */
interface Selection {
  readonly expiryMins: number;
  readonly extId: string | undefined;
}

/**
 * What `getToken` resolves with, itself where it is held: for the endpoint, to which every promise is a cost. The
 * deadline begins when the request arrived. A service or a method that a host has put in the place of ours is asked for
 * its promise.
 */
export let tokenAtOnce: (
  service: NudgeTokenService,
  request: NudgeTokenRequest | undefined,
  arrivedAt: Instant,
) => NudgeToken | Promise<NudgeToken>;

noteLoadedCopy();

/**
 * Hands out Nudge tokens: held ones while they are good, new ones when they are not.
 *
 * @publicApi
 */
@Injectable()
export class NudgeTokenService {
  readonly #cache: TokenCache;
  readonly #board: StatusBoard;
  readonly #events: NudgeAuthEvents;
  readonly #options: ResolvedNudgeAuthOptions;
  readonly #byDefault: Selection;
  #last: { readonly token: NudgeToken; readonly promise: Promise<NudgeToken> } | undefined;

  static {
    // oxlint-disable-next-line typescript/unbound-method -- only compared
    const { getToken } = NudgeTokenService.prototype;
    tokenAtOnce = (service, request, arrivedAt) =>
      #cache in service && service.getToken === getToken
        ? service.#getToken(request, arrivedAt)
        : Promise.resolve(service.getToken(request));
  }

  /** @internal Nest makes it. */
  constructor(
    @Inject(TokenCache) cache: TokenCache,
    @Inject(StatusBoard) board: StatusBoard,
    @Inject(NudgeAuthEvents) events: NudgeAuthEvents,
    @Inject(NUDGE_AUTH_OPTIONS) options: ResolvedNudgeAuthOptions,
  ) {
    this.#cache = cache;
    this.#board = board;
    this.#events = events;
    this.#options = options;
    this.#byDefault = { expiryMins: options.defaultExpiryMins, extId: undefined };
  }

  /**
   * A token that still lives for a while: held where possible, fetched from Nudge otherwise.
   *
   * @throws {NudgeAuthError} with the `code` that tells why there is none; at the latest after `http.deadlineMs`.
   */
  getToken(request?: NudgeTokenRequest): Promise<NudgeToken> {
    // Not async: a held token is resolved once, not for every caller.
    try {
      const token = this.#getToken(request);
      return token instanceof Promise ? token : this.#resolved(token);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Lets go of the held token: the next caller gets a new one (in scope `'user'` not before 30 s after the last, like
   * every token of one user). Nudge's tokens cannot be withdrawn, so whoever has the old one keeps it until it expires.
   *
   * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` when the selector is out of bounds.
   */
  async invalidate(request: NudgeTokenSelector = {}): Promise<void> {
    await this.#cache.invalidate(this.#select(request));
  }

  /** What is held and how the last attempts went; never a token or a key. */
  status(): NudgeTokenStatus {
    const { scope, store } = this.#options;
    const { summary } = this.#board;
    const enabled = this.#isEnabled();
    const nextAttemptInMs = this.#cache.nextAttemptInMs();
    // A pause that another process met has no failure of this one's.
    const heldBackBy = nextAttemptInMs > 0 ? (summary.lastFailure?.code ?? 'NUDGE_RATE_LIMITED') : undefined;
    const renewalFailure = enabled ? (summary.renewalFailure ?? heldBackBy) : 'NUDGE_DISABLED';
    return {
      ...summary,
      scope,
      enabled,
      // By the time of the next attempt only a caller can find out how it stands.
      canServe: enabled && (nextAttemptInMs === 0 || this.#cache.holdsUsable()),
      canRenew: renewalFailure === undefined,
      renewalFailure,
      hasStore: store !== undefined,
      heldTokens: this.#cache.size,
      tokens: scope === 'client' ? this.#cache.heldTokens() : [],
      nextAttemptInMs,
    };
  }

  /**
   * Calls `listener` for everything that happens to this registration's tokens, from now on. Its errors are caught: the
   * first is logged, and no token depends on it. It runs within the process' one thread: let it do little.
   *
   * @returns ends the subscription.
   * @see docs/events.md
   */
  subscribe(listener: (event: NudgeAuthEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** A switch that throws, or answers with anything but `true`, is off: nothing is sent by mistake. */
  #isEnabled(): boolean {
    try {
      const isEnabled: unknown = this.#options.enabled();
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
    const selected = this.#admit(request);
    const { forceRefresh, signal } = request;
    signal?.throwIfAborted();
    const token = this.#cache.getToken(
      forceRefresh === true ? { ...selected, forceRefresh } : selected,
      arrivedAt,
    );
    return signal === undefined || !(token instanceof Promise) ? token : untilAborted(token, signal);
  }

  /** Before the cache is asked, which counts all other requests. */
  #admit(request: NudgeTokenRequest): Selection {
    try {
      const selected = this.#select(request);
      if (this.#isEnabled()) return selected;
      throw new NudgeAuthError('NUDGE_DISABLED', 'Nudge tokens are switched off by the option "enabled"');
    } catch (error) {
      this.#events.counts.requests.failed.add(asNudgeAuthError(error).code);
      throw error;
    }
  }

  #select(request: NudgeTokenSelector): Selection {
    const { expiryMins = this.#options.defaultExpiryMins, extId } = request;
    if (this.#options.scope === 'client' && request.expiryMins === undefined && extId === undefined) {
      return this.#byDefault;
    }
    if (!Number.isInteger(expiryMins) || expiryMins < MIN_EXPIRY_MINS || expiryMins > MAX_EXPIRY_MINS) {
      throw invalid(`expiryMins must be a whole number from ${MIN_EXPIRY_MINS} to ${MAX_EXPIRY_MINS}`);
    }
    if (this.#options.scope === 'client' && extId !== undefined) {
      throw invalid(
        "extId is refused in scope 'client', where one token serves every user: set scope to 'user'",
      );
    }
    if (this.#options.scope === 'user') {
      if (typeof extId !== 'string' || extId === '' || extId.length > MAX_EXT_ID_LENGTH) {
        throw invalid(`extId must be a string of 1 to ${MAX_EXT_ID_LENGTH} characters in scope 'user'`);
      }
      // Half of a surrogate pair cannot be written into a URL.
      if (!/^\P{Surrogate}*$/u.test(extId)) throw invalid('extId must be well-formed Unicode text');
    }
    return { expiryMins, extId };
  }
}

function invalid(message: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_INVALID_REQUEST', message);
}

/** Settles as `work` does, or rejects with the signal's reason, whichever comes first; `work` itself goes on. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    // Any number of callers may share a signal: that is no leak to warn of.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
