import type { Instant } from '../common/clock.js';
import type { PublishableToken } from '../store/renewal.js';
import type { TokenRecord } from '../store/token-store.js';
import type { HeldToken } from '../token/held-token.js';
import type { TokenEntry } from './token-entry.js';

/** An entry with its name in a store. */
export interface NamedEntry {
  readonly storeName: string;
  readonly entry: TokenEntry;
}

/** Of the given entries, the tokens that other processes can still use. */
export function* publishableTokens(
  entries: Iterable<NamedEntry>,
  now: () => Instant,
): Generator<PublishableToken> {
  for (const { storeName, entry } of entries) {
    const { held } = entry;
    if (held === undefined || held.freshness(now()) === 'unusable') continue;
    yield {
      entry: storeName,
      record: () => (entry.held === held ? recordOf(held, now()) : undefined),
      published: (fence) => entry.published(held, fence),
    };
  }
}

function recordOf(held: HeldToken, now: Instant): TokenRecord {
  const { token, keyFingerprint } = held;
  return { token, keyFingerprint, remainingMs: held.remainingMs(now), ageMs: held.ageMs(now) };
}
