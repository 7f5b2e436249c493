import type { Instant } from '../common/clock.js';
import { readClaims, type NudgeTokenClaims } from '../token/claims.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import { ASK_FOR_FRESH_EVERY_MS } from '../token/repeated-token.js';
import type { RenewalCall, RenewedToken } from './renewal.js';
import type { StoredToken } from './token-store.js';

/**
 * The stored token, where it is newer than what the call knows and can be used; else `undefined`. While the end of a
 * repeated token is waited for, also a token that another process fetched in vain a moment ago: the vendor would repeat it.
 */
export function usableStoredToken(
  stored: StoredToken | undefined,
  { newerThan, held, reason, awaitsEnd }: RenewalCall,
  policy: FreshnessPolicy,
  now: Instant,
): RenewedToken | undefined {
  // Nothing says whether what another process stored began after the call that insists.
  if (stored === undefined || reason === 'forced') return undefined;
  try {
    const claims = readClaims(stored.token);
    if (stored.fence <= newerThan || !isSound(stored, claims)) return undefined;
    // On the store's return others publish what they hold: a new order for what may be older than what is held here.
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
    // Not a token: whatever wrote it, it is a miss, and the next write replaces it.
    return undefined;
  }
}

/** Whatever a store gives back: no token lives longer than it says itself. */
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
