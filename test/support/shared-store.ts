import { HOUR_MS } from '../../src/common/durations.js';
import type { TokenStore } from '../../src/store/token-store.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryTokenStore } from '../../src/testing/memory-token-store.js';
import { TokenLife, type TokenLifeSettings } from './token-life.js';

export const RECORD = {
  token: 'obviously.fake.token',
  remainingMs: HOUR_MS,
  ageMs: 0,
  keyFingerprint: '0a1b2c3d',
};

/** A store in memory with some of its operations replaced. */
export function storeWith(
  clock: ManualClock,
  change: (inner: MemoryTokenStore) => Partial<TokenStore>,
): TokenStore {
  const inner = new MemoryTokenStore(clock);
  const names = ['read', 'acquire', 'invalidate', 'untilChanged', 'close'] as const;
  return {
    ...Object.fromEntries(names.map((name) => [name, inner[name].bind(inner)])),
    ...change(inner),
  } as TokenStore;
}

/** Several processes that share a store. Each has a vendor that the test can set. */
export function pods(
  count: number,
  store?: TokenStore,
  clock = new ManualClock(),
  settings: TokenLifeSettings = {},
) {
  const shared = store ?? new MemoryTokenStore(clock);
  const lives = Array.from({ length: count }, (_, index) =>
    TokenLife.onManualClock({ store: shared, vendorName: `pod-${index}`, ...settings }, clock),
  );
  const calls = (): number => lives.reduce((sum, life) => sum + life.calls.length, 0);
  return { clock, lives, calls };
}
