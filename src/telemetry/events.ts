import type { NudgeAuthErrorCode } from '../common/errors.js';
import { inOwnContext } from '../common/own-context.js';

/** Why a token was fetched: nobody could be served, behind a caller's back, or because a caller insisted. */
export type RenewalReason = 'cold' | 'rotation' | 'forced';

/** Which of the two API keys. */
export type ApiKeyRole = 'primary' | 'fallback';

/** Why the keys that verify users' JWTs cannot be had from `userJwt.jwksUri`. */
export type UserKeysFailure =
  /** No connection, or one that broke off. */
  | 'unreachable'
  /** No answer in time. */
  | 'timeout'
  /** A redirect, which is not followed. */
  | 'redirect'
  /** A status that is no success. */
  | 'status'
  /** An answer that is no JWK set: a page, or nothing. */
  | 'no-jwks'
  | 'too-large'
  /** A JWK set in which no key can verify a JWT of these users. */
  | 'no-usable-key';

type Happening =
  /** A caller got a token: one held in memory, or one that a renewal brought while the caller waited. */
  | { readonly type: 'served'; readonly from: 'memory' | 'renewal' }
  /** A new token came from the vendor, or from the store where another process had put it. */
  | {
      readonly type: 'renewed';
      readonly reason: RenewalReason;
      readonly from: 'vendor' | 'store';
      readonly tookMs: number;
      readonly lifeMs: number;
      readonly keyFingerprint: string;
      readonly skewMs: number | undefined;
      /** `false` when it lives no longer than the one held before: the vendor repeats itself. */
      readonly isLonger: boolean;
    }
  /** A renewal failed, or a call was refused without asking the vendor. */
  | {
      readonly type: 'failed';
      readonly reason: RenewalReason;
      readonly code: NudgeAuthErrorCode;
      readonly message: string;
      /** Until the next attempt may be made. */
      readonly retryInMs: number;
    }
  /** Nudge answered 429: nothing is sent from here for a while. */
  | { readonly type: 'paused'; readonly forMs: number }
  /** The first success after failures. */
  | { readonly type: 'recovered'; readonly failures: number; readonly failedForMs: number }
  /** A caller was turned away because the budget toward the vendor is spent. */
  | { readonly type: 'budget-spent'; readonly waiting: number; readonly retryInMs: number }
  /** The vendor refuses a key. */
  | { readonly type: 'key-refused'; readonly role: ApiKeyRole; readonly keyFingerprint: string }
  /** The first key is refused and the fallback serves, or the first serves again. */
  | { readonly type: 'key-in-use'; readonly role: ApiKeyRole; readonly keyFingerprint: string }
  /** The store cannot be used, or can be used again. */
  | {
      readonly type: 'store-lost';
      readonly operation: string;
      /** Why, in one word, where that is known: never a message, which may quote anything. */
      readonly reason: string | undefined;
    }
  | { readonly type: 'store-back' }
  /** The keys that verify users' JWTs cannot be fetched, or can be fetched again. */
  | {
      readonly type: 'user-keys-lost';
      readonly reason: UserKeysFailure;
      /** The status or the system's error code, where that is known. */
      readonly detail: string | undefined;
      /** The address without its query. */
      readonly url: string;
    }
  | { readonly type: 'user-keys-back' }
  | { readonly type: 'invalidated' };

/**
 * What happens to tokens. Never a key, a token, a user's id or a tenant's id: keys and tenants go by their fingerprint.
 * Durations are in milliseconds.
 */
export type NudgeAuthEvent = Happening & {
  /** The tenant it is about, where there are tenants and it is about one of them. */
  readonly tenantFingerprint?: string;
};

export type NudgeAuthEventOf<Type extends NudgeAuthEvent['type']> = Extract<NudgeAuthEvent, { type: Type }>;

export type NudgeAuthEventListener = (event: NudgeAuthEvent) => void;

/** The one stream of events, from which status, log lines and metrics are fed. */
export class NudgeAuthEvents {
  readonly #listeners = new Set<NudgeAuthEventListener>();
  readonly #perRequestListeners = new Set<NudgeAuthEventListener>();

  /** Calls `listener` for what changes; not for `served`, which happens with every request. Returns its end. */
  subscribe(listener: NudgeAuthEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` for everything, `served` included: whoever listens pays for it on the hot path. */
  subscribeToAll(listener: NudgeAuthEventListener): () => void {
    this.#listeners.add(listener);
    this.#perRequestListeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#perRequestListeners.delete(listener);
    };
  }

  /** Listeners run in the package's own async context: what happens to a token is no part of one user's request. */
  emit(event: NudgeAuthEvent): void {
    inOwnContext(() => {
      for (const listener of this.#listeners) call(listener, event);
    });
  }

  /** Apart from `emit`, so that nobody pays for it where nobody listens. */
  served(from: 'memory' | 'renewal'): void {
    if (this.#perRequestListeners.size === 0) return;
    const event = { type: 'served', from } as const;
    for (const listener of this.#perRequestListeners) call(listener, event);
  }
}

/** A listener that throws must not cost a caller the token. */
function call(listener: NudgeAuthEventListener, event: NudgeAuthEvent): void {
  try {
    listener(event);
  } catch {
    // Listeners are of this package and tested; there is nobody above to tell.
  }
}
