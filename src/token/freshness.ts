import { MINUTE_MS } from '../common/durations.js';

/**
 * What a held token is good for:
 * - `fresh`: hand it out;
 * - `rotate`: hand it out, and renew it behind the caller's back;
 * - `renew`: renew it while the caller waits a little, then hand out what there is;
 * - `unusable`: hand out nothing before the renewal is there.
 */
export type Freshness = 'fresh' | 'rotate' | 'renew' | 'unusable';

/** Wishes that the token's own life may overrule. */
export interface FreshnessPolicy {
  readonly scope: 'client' | 'user';
  /** Milliseconds of age after which a token is rotated. */
  readonly rotateAfterMs?: number | undefined;
  /** Milliseconds that a token handed out has left at the least. */
  readonly minRemainingMs?: number | undefined;
}

/** The policy, fitted to one token. */
export interface FreshnessLimits {
  readonly rotateAfterMs: number;
  readonly renewBelowMs: number;
  readonly minRemainingMs: number;
}

/**
 * Every minute, although a token may live for an hour: one that is kept until it expires reaches every client with the
 * same expiry, and all of them come back in the same second.
 */
export const CLIENT_ROTATE_AFTER_MS = MINUTE_MS;
const DEFAULT_MIN_REMAINING_MS = MINUTE_MS;
/** Fixed buffers would leave nothing of a short life, so every buffer is at most a share of it. */
const MAX_ROTATE_SHARE = { client: 1 / 4, user: 1 / 2 } as const;
const RENEW_BELOW_SHARE = 1 / 2;
const MAX_MIN_REMAINING_SHARE = 1 / 10;

/**
 * The limits for one token.
 *
 * @param lifeMs milliseconds it had left when it arrived.
 * @param lifetimeMs milliseconds from its `iat` to its `exp`.
 */
export function freshnessLimits(
  policy: FreshnessPolicy,
  lifeMs: number,
  lifetimeMs: number,
): FreshnessLimits {
  const latestRotationMs = lifeMs * MAX_ROTATE_SHARE[policy.scope];
  const wishedRotationMs =
    policy.rotateAfterMs ?? (policy.scope === 'client' ? CLIENT_ROTATE_AFTER_MS : latestRotationMs);
  return {
    rotateAfterMs: Math.min(wishedRotationMs, latestRotationMs),
    renewBelowMs: lifeMs * RENEW_BELOW_SHARE,
    minRemainingMs: Math.min(
      policy.minRemainingMs ?? DEFAULT_MIN_REMAINING_MS,
      lifetimeMs * MAX_MIN_REMAINING_SHARE,
    ),
  };
}

/** What a token is good for at an age, in milliseconds since it arrived, and with a rest of life, in milliseconds. */
export function freshness(ageMs: number, remainingMs: number, limits: FreshnessLimits): Freshness {
  if (remainingMs < limits.minRemainingMs || remainingMs <= 0) return 'unusable';
  if (remainingMs < limits.renewBelowMs) return 'renew';
  return ageMs < limits.rotateAfterMs ? 'fresh' : 'rotate';
}
