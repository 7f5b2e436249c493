import { MINUTE_MS } from '../common/durations.js';

/**
 * What to do with a held token:
 * - `fresh`: hand it out;
 * - `rotate`: hand it out, and renew it in the background;
 * - `renew`: renew it while the caller waits a short time. If no new token comes in that time, hand out the held one;
 * - `unusable`: hand out nothing until the renewal has brought a new token.
 */
export type Freshness = 'fresh' | 'rotate' | 'renew' | 'unusable';

/** The configured limits. The token's own life may lower them. */
export interface FreshnessPolicy {
  readonly scope: 'client' | 'user';
  /** Age of a token, in milliseconds, from which it is rotated. */
  readonly rotateAfterMs?: number | undefined;
  /** Milliseconds that a token must have left to be handed out. */
  readonly minRemainingMs?: number | undefined;
}

/** The policy, fitted to one token. */
export interface FreshnessLimits {
  readonly rotateAfterMs: number;
  readonly renewBelowMs: number;
  readonly minRemainingMs: number;
}

/**
 * A token is rotated every minute although it may live for an hour. If it were kept until it expires, every client
 * would get the same expiry, and all of them would come back in the same second.
 */
export const CLIENT_ROTATE_AFTER_MS = MINUTE_MS;
const DEFAULT_MIN_REMAINING_MS = MINUTE_MS;
/** Every limit is at most a share of the token's life: fixed limits would leave nothing of a short life. */
const MAX_ROTATE_SHARE = { client: 1 / 4, user: 1 / 2 } as const;
const RENEW_BELOW_SHARE = 1 / 2;
const MAX_MIN_REMAINING_SHARE = 1 / 10;

/**
 * The limits for one token.
 *
 * @param lifeMs milliseconds that the token had left when it arrived.
 * @param lifetimeMs milliseconds from its `iat` to its `exp`.
 */
export function freshnessLimits(
  policy: FreshnessPolicy,
  lifeMs: number,
  lifetimeMs: number,
): FreshnessLimits {
  const latestRotationMs = lifeMs * MAX_ROTATE_SHARE[policy.scope];
  const wantedRotationMs =
    policy.rotateAfterMs ?? (policy.scope === 'client' ? CLIENT_ROTATE_AFTER_MS : latestRotationMs);
  return {
    rotateAfterMs: Math.min(wantedRotationMs, latestRotationMs),
    renewBelowMs: lifeMs * RENEW_BELOW_SHARE,
    minRemainingMs: Math.min(
      policy.minRemainingMs ?? DEFAULT_MIN_REMAINING_MS,
      lifetimeMs * MAX_MIN_REMAINING_SHARE,
    ),
  };
}

/** The state of a token that arrived `ageMs` milliseconds ago and has `remainingMs` milliseconds left. */
export function freshness(ageMs: number, remainingMs: number, limits: FreshnessLimits): Freshness {
  if (remainingMs < limits.minRemainingMs || remainingMs <= 0) return 'unusable';
  if (remainingMs < limits.renewBelowMs) return 'renew';
  return ageMs < limits.rotateAfterMs ? 'fresh' : 'rotate';
}
