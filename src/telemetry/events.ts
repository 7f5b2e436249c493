import diagnostics from 'node:diagnostics_channel';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import { inOwnContext } from '../common/own-context.js';
import { Counts } from './counts.js';

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

/** Why records of the audit were lost. */
export type AuditDropReason =
  /** More were waiting than are kept. */
  | 'queue-full'
  /** `onIssued` threw or rejected. */
  | 'failed'
  /** `onIssued` took too long. */
  | 'timeout'
  /** The application closed before they were delivered. */
  | 'closed';

type Happening =
  /** A renewal begins: it looks for a newer token in the store and at the vendor. Callers may be waiting for it. */
  | { readonly type: 'renewal-started'; readonly reason: RenewalReason }
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
  /** A token was invalidated by `invalidate()`. */
  | { readonly type: 'invalidated' }
  /** Records of the audit were lost. */
  | { readonly type: 'audit-dropped'; readonly records: number; readonly reason: AuditDropReason }
  /** The application has closed: this is the last event. */
  | { readonly type: 'closed' };

/**
 * What happens to tokens. Never a key, a token, a user's id or a tenant's id: keys and tenants go by their fingerprint.
 * Durations are in milliseconds. `message` is one of this package's own texts, never the vendor's.
 *
 * @publicApi
 */
export type NudgeAuthEvent = Happening & {
  /** The tenant it is about, where there are tenants and it is about one of them. */
  readonly tenantFingerprint?: string;
};

export type NudgeAuthEventOf<Type extends NudgeAuthEvent['type']> = Extract<NudgeAuthEvent, { type: Type }>;

export type NudgeAuthEventListener = (event: NudgeAuthEvent) => void;

/** How a renewal ended. */
export type RenewalEnd =
  { readonly from: 'vendor' | 'store' } | { readonly error: { readonly code: NudgeAuthErrorCode } };

/**
 * Runs a renewal. Called in the async context of the caller who caused it; runs `run` in the package's own. `run` never
 * rejects.
 */
export type AroundRenewal = <End extends RenewalEnd>(
  renewal: { readonly reason: RenewalReason },
  run: () => Promise<End>,
) => Promise<End>;

/** What the names of this package's diagnostics channels begin with. */
const CHANNEL_PREFIX = 'nestjs-nudge-auth:';

/**
 * The one stream of events of a registration, from which status, log lines, metrics and the host's listeners are fed. What
 * happens too often for events is counted.
 */
export class NudgeAuthEvents {
  readonly counts: Counts;
  /** The seam for tracing: telemetry puts a function of its own here. */
  aroundRenewal: AroundRenewal = (_renewal, run) => inOwnContext(run);
  readonly #registration: string;
  readonly #tellOfFault: (error: unknown) => void;
  readonly #listeners = new Set<NudgeAuthEventListener>();
  #passOn: (event: NudgeAuthEvent) => void = (event) => this.#publish(event);
  readonly #faulty = new WeakSet<NudgeAuthEventListener>();

  /**
   * @param registration its name, `default` without one.
   * @param tellOfFault called with the first error of every listener that fails.
   * @param counts those of the registration, for the events of a tenant.
   */
  constructor(
    registration = 'default',
    tellOfFault: (error: unknown) => void = () => undefined,
    counts = new Counts(),
  ) {
    this.counts = counts;
    this.#registration = registration;
    this.#tellOfFault = tellOfFault;
  }

  /** Calls `listener` for everything that happens. Returns the function that ends this. */
  subscribe(listener: NudgeAuthEventListener): () => void {
    // Of its own, so that one function that was subscribed twice is ended once at a time.
    const own: NudgeAuthEventListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Listeners run in the package's own async context: what happens to a token is no part of one user's request. */
  emit(event: NudgeAuthEvent): void {
    Object.freeze(event);
    inOwnContext(() => {
      for (const listener of this.#listeners) this.#call(listener, event);
      this.#passOn(event);
    });
  }

  /** A listener that fails must not cost a caller the token, nor the process its life. */
  #call(listener: NudgeAuthEventListener, event: NudgeAuthEvent): void {
    const failed = (error: unknown): void => {
      if (this.#faulty.has(listener)) return;
      this.#faulty.add(listener);
      this.#tellOfFault(error);
    };
    try {
      const result: unknown = listener(event);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The events of one tenant. The listeners of the registration get them with its fingerprint. */
  forTenant(tenantFingerprint: string): NudgeAuthEvents {
    const own = new NudgeAuthEvents(this.#registration, this.#tellOfFault, this.counts);
    own.aroundRenewal = (renewal, run) => this.aroundRenewal(renewal, run);
    own.#passOn = (event) => this.emit({ ...event, tenantFingerprint });
    return own;
  }

  /** Node itself deals with the errors of a channel's subscribers. */
  #publish(event: NudgeAuthEvent): void {
    const channel = `${CHANNEL_PREFIX}${event.type}`;
    if (!diagnostics.hasSubscribers(channel)) return;
    diagnostics.channel(channel).publish({ registration: this.#registration, ...event });
  }
}
