import type { TokenRecord } from '../../../src/store/token-store.js';

export const HOUR_MS = 3_600_000;

export function recordOf(token: string, keyFingerprint = '0a1b2c3d'): TokenRecord {
  return { token, remainingMs: HOUR_MS, ageMs: 0, keyFingerprint };
}
