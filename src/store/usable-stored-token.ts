import type { Instant } from '../common/clock.js';
import { readClaims, type NudgeTokenClaims } from '../token/claims.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import { ASK_FOR_FRESH_EVERY_MS } from '../token/repeated-token.js';
import type { RenewalCall, RenewedToken } from './renewal.js';
import type { StoredToken } from './token-store.js';

/**
 * The stored token if it is usable and newer than the one that the call knows, otherwise `undefined`. While the call waits for
 * the end of a repeated token, it also takes a token that is close to its end and that another process fetched a moment
 * ago: the vendor would return the same one.
 */
export function usableStoredToken(
  stored: StoredToken | undefined,
  { newerThan, held, reason, awaitsEnd }: RenewalCall,
  policy: FreshnessPolicy,
  now: Instant,
): RenewedToken | undefined {
  // A forced renewal needs a token whose renewal began after the call. For a stored token that is unknown.
  if (stored === undefined || reason === 'forced') return undefined;
  try {
    const claims = readClaims(stored.token);
    if (stored.fence <= newerThan || !isSound(stored, claims)) return undefined;
    // When a store is back, other processes publish their held tokens with new fences: a higher fence may have an older token.
    if (held !== undefined && stored.ageMs >= held.ageMs(now)) return undefined;
    const taken: RenewedToken = {
      token: stored.token,
      claims,
      arrivedAt: { wallMs: now.wallMs - stored.ageMs, monotonicMs: now.monotonicMs - stored.ageMs },
      lifeMs: stored.remainingMs + stored.ageMs,
      ageOnArrivalMs: Math.max(0, claims.expiresAtMs - claims.issuedAtMs - stored.remainingMs - stored.ageMs),
      skewMs: undefined,
      keyFingerprint: stored.keyFingerprint,
      from: 'store',
      fence: stored.fence,
    };
    const isUsable = new HeldToken(taken, policy).freshness(now) !== 'unusable';
    return isUsable || (awaitsEnd && stored.ageMs < ASK_FOR_FRESH_EVERY_MS) ? taken : undefined;
  } catch {
    // The stored text is not a token: a miss. The next write replaces it.
    return undefined;
  }
}

/** Whether the stored values are possible: numbers, and a life that is not longer than the token's own claims say. */
function isSound(
  { remainingMs, ageMs, fence, keyFingerprint }: StoredToken,
  claims: NudgeTokenClaims,
): boolean {
  return (
    [remainingMs, ageMs, fence].every((value) => Number.isFinite(value) && value >= 0) &&
    remainingMs + ageMs <= claims.expiresAtMs - claims.issuedAtMs &&
    typeof keyFingerprint === 'string'
  );
}
