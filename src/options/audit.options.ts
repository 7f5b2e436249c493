import { functionThat, type Declarations } from './option-rules.js';

/**
 * That a token was handed to a user.
 *
 * @publicApi
 */
export interface AuditRecord {
  /** When, in epoch milliseconds. */
  readonly at: number;
  /** The `name` of the registration, or `default`. */
  readonly registration: string;
  /** The id of the tenant whose account the token is of, with the option `tenants`. */
  readonly tenant?: string;
  /** What the option `audit.user` made of the user; `null` where it failed. */
  readonly user: string | null;
  /** `request.id`, else the header `X-Request-Id`, where there is one. */
  readonly requestId?: string;
  /** Names the token, without giving it away. */
  readonly tokenFingerprint: string;
  /** When the token expires, in epoch milliseconds. */
  readonly expiresAt: number;
  readonly scope: 'client' | 'user';
  readonly format: 'json' | 'text';
}

/**
 * A record of every token that the endpoint hands to a user.
 *
 * @publicApi
 */
export interface NudgeAuditOptions {
  /**
   * Takes up to 500 records, at most 5 s, one call at a time. Its failure loses them, and no answer waits for it. `signal`
   * is aborted when it has taken too long.
   */
  onIssued(records: readonly AuditRecord[], signal: AbortSignal): void | Promise<void>;
  /** How the user is named in a record. Called within the request, so it has to answer at once. */
  user(user: unknown, request: unknown): string;
}

/** @internal */
export const auditOptions = {
  onIssued: functionThat<NudgeAuditOptions['onIssued']>('takes a list of records'),
  user: functionThat<NudgeAuditOptions['user']>('returns the name of the signed-in user'),
} satisfies Declarations<NudgeAuditOptions>;
