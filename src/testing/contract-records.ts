import assert from 'node:assert/strict';
import { HOUR_MS } from '../common/durations.js';
import type { SharedAdmission, TokenLease, TokenRecord, TokenStore } from '../store/token-store.js';

/** The answer to a caller that got a call from the budget. */
export const ADMITTED: SharedAdmission = { pausedForMs: 0, waitMs: 0, isProbe: false };

export function recordOf(token: string, remainingMs = HOUR_MS): TokenRecord {
  return { token, remainingMs, ageMs: 0, keyFingerprint: '0a1b2c3d' };
}

export async function lease(store: TokenStore, entry: string): Promise<TokenLease> {
  const given = await store.acquire(entry);
  assert.ok(given, 'acquire gives a lease if no caller holds one');
  return given;
}

export async function write(store: TokenStore, entry: string, token: string): Promise<void> {
  const holder = await lease(store, entry);
  assert.equal(await holder.write(recordOf(token)), true);
  await holder.release();
}
