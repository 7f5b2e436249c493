import { createHash } from 'node:crypto';
import { catchRejection } from '../common/catch-rejection.js';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS } from '../common/durations.js';
import { errorKindOf } from '../common/error-kind.js';
import type { AuditRecord, NudgeAuditOptions } from '../options/audit.options.js';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import type { LogSink } from '../telemetry/log-lines.js';
import type { NudgeToken } from '../token/nudge-token.js';
import { AuditQueue } from './audit-queue.js';

const FINGERPRINT_LENGTH = 16;
/** The client chooses this header, so its length needs a bound. */
const LONGEST_REQUEST_ID = 128;

/**
 * A token that was handed to a user.
 *
 * @publicApi
 */
export interface IssuedToken {
  readonly token: NudgeToken;
  /** The value that the option `audit.user` gets as its first argument. */
  readonly user: unknown;
  /** The id of the tenant, with the option `tenants`. */
  readonly tenant?: string | undefined;
  /** The value that the option `audit.user` gets as its second argument. */
  readonly request: object;
  /** Default `'json'`. */
  readonly format?: 'json' | 'text';
}

export interface AuditTrailSettings {
  readonly audit: NudgeAuditOptions;
  /** The name of the registration, or `default`. */
  readonly registration: string;
  readonly scope: 'client' | 'user';
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
  readonly log: Pick<LogSink, 'warn'>;
}

/** Records which user got which token, for the host's function `audit.onIssued`. */
export class AuditTrail {
  readonly #settings: AuditTrailSettings;
  readonly #queue: AuditQueue;
  /** The last token and its fingerprint: in scope `'client'` all users get the same token. */
  #last: { readonly token: string; readonly fingerprint: string } | undefined;
  #warnedAt: Instant | undefined;

  constructor(settings: AuditTrailSettings) {
    this.#settings = settings;
    this.#queue = new AuditQueue(settings.audit, settings.events, settings.clock);
  }

  /** Records one token. Call it within the request, when the user gets the token. Never throws. */
  issued(issued: IssuedToken): void {
    try {
      this.#queue.add(this.#recordOf(issued));
    } catch {
      // Objects and functions of the host can throw anything, and the user must get the token nevertheless.
      this.#settings.events.emit({ type: 'audit-dropped', records: 1, reason: 'failed' });
    }
  }

  #recordOf({ token, user, tenant, request, format = 'json' }: IssuedToken): AuditRecord {
    const { registration, scope, clock } = this.#settings;
    const requestId = requestIdOf(request);
    return {
      at: Math.floor(clock.now().wallMs),
      registration,
      ...(tenant !== undefined && { tenant }),
      user: this.#nameOf(user, request),
      ...(requestId !== undefined && { requestId }),
      tokenFingerprint: this.#fingerprintOf(token.token),
      expiresAt: token.expiresAt,
      scope,
      format,
    };
  }

  /** Delivers the waiting records within 2 s; the rest is lost. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  #nameOf(user: unknown, request: unknown): AuditRecord['user'] {
    try {
      const name: unknown = this.#settings.audit.user(user, request);
      if (typeof name === 'string') return name;
      this.#warn(`returned no string (${catchRejection(name) ? 'a promise' : typeof name})`);
    } catch (error) {
      this.#warn(`failed (${errorKindOf(error)})`);
    }
    return null;
  }

  #warn(what: string): void {
    const now = this.#settings.clock.now();
    if (this.#warnedAt !== undefined && elapsedMs(this.#warnedAt, now) < MINUTE_MS) return;
    this.#warnedAt = now;
    this.#settings.log.warn(
      `The option audit.user ${what}: the record of the token that was handed out names no user. Mend the function`,
    );
  }

  #fingerprintOf(token: string): string {
    if (this.#last?.token !== token) {
      const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, FINGERPRINT_LENGTH);
      this.#last = { token, fingerprint };
    }
    return this.#last.fingerprint;
  }
}

function requestIdOf(request: object): string | undefined {
  const { id, headers } = request as { id?: unknown; headers?: Readonly<Record<string, unknown>> };
  const found = typeof id === 'string' || typeof id === 'number' ? id : headers?.['x-request-id'];
  return typeof found === 'string' || typeof found === 'number'
    ? String(found).slice(0, LONGEST_REQUEST_ID)
    : undefined;
}
