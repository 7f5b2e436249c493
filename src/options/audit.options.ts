import { functionThat, type Declarations } from './option-rules.js';

/**
 * Records that the endpoint handed a token to a user.
 *
 * @publicApi
 */
export interface AuditRecord {
  /** When the endpoint handed it out, in epoch milliseconds. */
  readonly at: number;
  /** The `name` of the registration, or `default`. */
  readonly registration: string;
  /** With the option `tenants`: the id of the tenant whose account the token belongs to. */
  readonly tenant?: string;
  /** What the option `audit.user` returned for the user; `null` if it failed. */
  readonly user: string | null;
  /** `request.id`, or else the header `X-Request-Id`, if the request has one. */
  readonly requestId?: string;
  /** Tells tokens apart without revealing them. */
  readonly tokenFingerprint: string;
  /** When the token expires, in epoch milliseconds. */
  readonly expiresAt: number;
  readonly scope: 'client' | 'user';
  readonly format: 'json' | 'text';
}

/**
 * Records every token that the endpoint hands to a user.
 *
 * @publicApi
 */
export interface NudgeAuditOptions {
  /**
   * Receives up to 500 records. The module makes one call at a time and gives each 5 s at most; then it aborts `signal`. A
   * call that fails or takes too long loses its records. No answer waits for it.
   */
  onIssued(records: readonly AuditRecord[], signal: AbortSignal): void | Promise<void>;
  /** Returns the name of the user for a record. It runs within the request, so it must return at once. */
  user(user: unknown, request: unknown): string;
}

/** @internal */
export const auditOptions = {
  onIssued: functionThat<NudgeAuditOptions['onIssued']>('takes a list of records'),
  user: functionThat<NudgeAuditOptions['user']>('returns the name of the signed-in user'),
} satisfies Declarations<NudgeAuditOptions>;
