import diagnostics from 'node:diagnostics_channel';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import { catchRejection } from '../common/catch-rejection.js';
import { inOwnContext } from '../common/own-context.js';
import { Counts } from './counts.js';

/**
 * Why a renewal began: no usable token was held, a held token was due for rotation, or a caller asked for `forceRefresh`.
 *
 * @publicApi
 */
export type RenewalReason = 'cold' | 'rotation' | 'forced';

/**
 * One of the two API keys.
 *
 * @publicApi
 */
export type ApiKeyRole = 'primary' | 'fallback';

/**
 * Why the module cannot fetch the keys that verify users' JWTs from `userJwt.jwksUri`.
 *
 * @publicApi
 */
export type UserKeysFailure =
  /** There was no connection, or it broke. */
  | 'unreachable'
  /** There was no answer in time. */
  | 'timeout'
  /** The answer was a redirect, which the module does not follow. */
  | 'redirect'
  /** The answer had a status other than success. */
  | 'status'
  /** The answer was not a JWK set, for example a page, or it was empty. */
  | 'no-jwks'
  | 'too-large'
  /** The JWK set has no key that can verify a JWT of these users. */
  | 'no-usable-key';

/**
 * Why audit records were lost.
 *
 * @publicApi
 */
export type AuditDropReason =
  /** The queue of waiting records was full. */
  | 'queue-full'
  /** `onIssued` threw or rejected, or a record could not be made. */
  | 'failed'
  /** `onIssued` took too long. */
  | 'timeout'
  /** The application closed before the module could deliver them. */
  | 'closed';

type EventBody =
  /** A renewal begins: it looks for a newer token in the store and at the vendor. Callers may wait for it. */
  | { readonly type: 'renewal-started'; readonly reason: RenewalReason }
  /** A renewal got a new token from the vendor, or from the store in which another process had put it. */
  | {
      readonly type: 'renewed';
      readonly reason: RenewalReason;
      readonly from: 'vendor' | 'store';
      readonly tookMs: number;
      readonly lifeMs: number;
      readonly keyFingerprint: string;
      readonly skewMs: number | undefined;
      /** `false` if it expires no later than the token held before: the vendor repeats a token. */
      readonly isLonger: boolean;
    }
  /** A renewal failed, or the module refused a call without asking the vendor. */
  | {
      readonly type: 'failed';
      readonly reason: RenewalReason;
      readonly code: NudgeAuthErrorCode;
      readonly message: string;
      /** Milliseconds until the next attempt is allowed. */
      readonly retryInMs: number;
    }
  /** Nudge answered 429: this process sends nothing for a while. */
  | { readonly type: 'paused'; readonly forMs: number }
  /** The first success after failures. */
  | { readonly type: 'recovered'; readonly failures: number; readonly failedForMs: number }
  /** The module refused a caller because the budget of calls to the vendor is spent. */
  | { readonly type: 'budget-spent'; readonly waiting: number; readonly retryInMs: number }
  /** The vendor refuses a key. */
  | { readonly type: 'key-refused'; readonly role: ApiKeyRole; readonly keyFingerprint: string }
  /** The vendor refuses the first key and the fallback is in use, or the first key is in use again. */
  | { readonly type: 'key-in-use'; readonly role: ApiKeyRole; readonly keyFingerprint: string }
  /** The store is lost, or it is back. */
  | {
      readonly type: 'store-lost';
      readonly operation: string;
      /** The reason in one word, if it is known. Never a message, because a message may quote a secret. */
      readonly reason: string | undefined;
    }
  | { readonly type: 'store-back' }
  /** The module cannot fetch the keys that verify users' JWTs, or can fetch them again. */
  | {
      readonly type: 'user-keys-lost';
      readonly reason: UserKeysFailure;
      /** The HTTP status or the system's error code, if it is known. */
      readonly detail: string | undefined;
      /** The address without its query. */
      readonly url: string;
    }
  | { readonly type: 'user-keys-back' }
  /** `invalidate()` has dropped a token. */
  | { readonly type: 'invalidated' }
  /** Audit records were lost. */
  | { readonly type: 'audit-dropped'; readonly records: number; readonly reason: AuditDropReason }
  /** The application has closed: this is the last event. */
  | { readonly type: 'closed' };

/**
 * An event in the life of tokens. It never holds a key, a token, a user's id or a tenant's id: fingerprints stand for keys
 * and tenants. Durations are in milliseconds. `message` is one of this package's own texts, never the vendor's.
 *
 * @publicApi
 */
export type NudgeAuthEvent = EventBody & {
  /** With the option `tenants`: the fingerprint of the tenant, if the event is about one tenant. */
  readonly tenantFingerprint?: string;
};

export type NudgeAuthEventOf<Type extends NudgeAuthEvent['type']> = Extract<NudgeAuthEvent, { type: Type }>;

export type NudgeAuthEventListener = (event: NudgeAuthEvent) => void;

/** How a renewal ended. */
export type RenewalEnd =
  { readonly from: 'vendor' | 'store' } | { readonly error: { readonly code: NudgeAuthErrorCode } };

/**
 * Runs a renewal. The module calls it in the async context of the caller that caused the renewal. It must call `run` in the
 * package's own context. `run` never rejects.
 */
export type AroundRenewal = <End extends RenewalEnd>(
  renewal: { readonly reason: RenewalReason },
  run: () => Promise<End>,
) => Promise<End>;

/** The prefix of the names of this package's diagnostics channels. */
const CHANNEL_PREFIX = 'nestjs-nudge-auth:';

/**
 * The stream of events of a registration. Status, log lines, metrics and the host's listeners all read it. What happens too
 * often for events is only counted.
 */
export class NudgeAuthEvents {
  readonly counts: Counts;
  /** Wraps every renewal. The OpenTelemetry module replaces it to trace renewals. */
  aroundRenewal: AroundRenewal = (_renewal, run) => inOwnContext(run);
  readonly #registration: string;
  readonly #reportFault: (error: unknown) => void;
  readonly #listeners = new Set<NudgeAuthEventListener>();
  #passOn: (event: NudgeAuthEvent) => void = (event) => this.#publish(event);
  readonly #faulty = new WeakSet<NudgeAuthEventListener>();

  /**
   * @param registration the name of the registration, or `default` if it has none.
   * @param reportFault called with the first error of every listener that fails.
   * @param counts for the events of a tenant: the counts of its registration.
   */
  constructor(
    registration = 'default',
    reportFault: (error: unknown) => void = () => undefined,
    counts = new Counts(),
  ) {
    this.counts = counts;
    this.#registration = registration;
    this.#reportFault = reportFault;
  }

  /** Calls `listener` for every event. Returns a function that ends the subscription. */
  subscribe(listener: NudgeAuthEventListener): () => void {
    // A new function for each subscription: the host may subscribe one function twice and end one of the two.
    const own: NudgeAuthEventListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Calls the listeners in the package's own async context, because an event does not belong to one user's request. */
  emit(event: NudgeAuthEvent): void {
    Object.freeze(event);
    inOwnContext(() => {
      // A copy: a listener that is added meanwhile does not get this event. Otherwise a listener could keep the loop alive.
      const listeners = Array.from(this.#listeners);
      for (const listener of listeners) {
        if (this.#listeners.has(listener)) this.#call(listener, event);
      }
      this.#passOn(event);
    });
  }

  /** Catches what a listener throws: it must neither cost a caller the token nor end the process. */
  #call(listener: NudgeAuthEventListener, event: NudgeAuthEvent): void {
    const failed = (error: unknown): void => {
      if (this.#faulty.has(listener)) return;
      this.#faulty.add(listener);
      try {
        this.#reportFault(error);
      } catch {
        // The logger of the host fails too, so there is no place left for a report.
      }
    };
    try {
      const result: unknown = listener(event);
      catchRejection(result, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The stream of one tenant. The listeners of the registration get its events with the tenant's fingerprint. */
  forTenant(tenantFingerprint: string): NudgeAuthEvents {
    const own = new NudgeAuthEvents(this.#registration, this.#reportFault, this.counts);
    own.aroundRenewal = (renewal, run) => this.aroundRenewal(renewal, run);
    own.#passOn = (event) => this.emit({ ...event, tenantFingerprint });
    return own;
  }

  /** Publishes on the diagnostics channel. Node itself deals with the errors of its subscribers. */
  #publish(event: NudgeAuthEvent): void {
    const channel = `${CHANNEL_PREFIX}${event.type}`;
    if (!diagnostics.hasSubscribers(channel)) return;
    diagnostics.channel(channel).publish({ registration: this.#registration, ...event });
  }
}
