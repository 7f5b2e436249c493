import type { Instant } from '../common/clock.js';
import { readClaims, type NudgeTokenClaims } from '../token/claims.js';
import type { FreshnessPolicy } from '../token/freshness.js';
import { HeldToken } from '../token/held-token.js';
import type { RenewalCall, RenewedToken } from './renewal.js';
import type { StoredToken } from './token-store.js';

/** What is stored, where it can be used and is news to a call; else `undefined`. */
export function usableStoredToken(
  stored: StoredToken | undefined,
  { newerThan, held, reason }: RenewalCall,
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
    return new HeldToken(taken, policy).freshness(now) === 'unusable' ? undefined : taken;
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
