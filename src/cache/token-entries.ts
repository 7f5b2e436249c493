import { LRUCache } from 'lru-cache';
import type { Instant } from '../common/clock.js';
import type { TokenRequest } from '../vendor/token-source.js';
import type { SharedRoom } from './shared-room.js';
import type { TokenEntry } from './token-entry.js';

/** The name of an entry within this process. */
export function nameOf({ expiryMins, extId }: TokenRequest): string {
  return extId === undefined ? String(expiryMins) : `${expiryMins}:${extId}`;
}

/** The reverse of {@link nameOf}. */
export function requestNamed(name: string): TokenRequest {
  const border = name.indexOf(':');
  const expiryMins = Number.parseInt(name, 10);
  return border < 0 ? { expiryMins } : { expiryMins, extId: name.slice(border + 1) };
}

/** What is known of a held token, without the token itself. */
export interface HeldEntry {
  readonly expiryMins: number;
  readonly keyFingerprint: string;
  readonly ageMs: number;
  readonly remainingMs: number;
}

/** The most recently used entries, up to a bound. */
export class TokenEntries {
  readonly #create: () => TokenEntry;
  readonly #byName: LRUCache<string, TokenEntry>;
  /** The room that this cache shares with other caches, if it has no bound for itself. */
  readonly #room: SharedRoom | undefined;
  readonly #serial: number;
  /** The most recent entry: a caller who asks for it again needs no look-up and no reordering. */
  #latest: { readonly name: string; readonly entry: TokenEntry } | undefined;

  /** @param bound the highest number of entries, or the room that other caches share. */
  constructor(bound: number | SharedRoom, create: () => TokenEntry) {
    this.#room = typeof bound === 'number' ? undefined : bound;
    this.#serial = this.#room?.nextSerial() ?? 0;
    // In a shared room the table grows as needed: a thousand tables of full size would take hundreds of megabytes.
    this.#byName = new LRUCache(
      typeof bound === 'number'
        ? { max: bound }
        : { maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: () => 1 },
    );
    this.#create = create;
  }

  /** The number of entries. */
  get size(): number {
    return this.#byName.size;
  }

  /** Returns the entry of this name, if there is one, and marks it as the most recently used. */
  find(name: string): TokenEntry | undefined {
    if (this.#latest?.name === name) return this.#latest.entry;
    const entry = this.#byName.get(name);
    if (entry !== undefined) this.#latest = { name, entry };
    return entry;
  }

  /** Does the same, and creates the entry if there is none. */
  of(name: string): TokenEntry {
    const known = this.find(name);
    if (known !== undefined) return known;
    this.#room?.enter(this);
    const entry = this.#room?.recall(this.#nameInRoom(name)) ?? this.#create();
    this.#byName.set(name, entry);
    this.#latest = { name, entry };
    return entry;
  }

  /** Returns the entry of this name without marking it as used, for calls that hand out no token. */
  peek(name: string): TokenEntry | undefined {
    return this.#byName.peek(name);
  }

  /** All entries with their names, the most recently used first. */
  all(): [name: string, entry: TokenEntry][] {
    return [...this.#byName.entries()];
  }

  /** The number of entries that hold a token. */
  countHeld(): number {
    let held = 0;
    for (const entry of this.#byName.values()) if (entry.held !== undefined) held += 1;
    return held;
  }

  /** What the entries hold, without the tokens; in whole milliseconds, rounded down. */
  heldTokens(now: Instant): HeldEntry[] {
    const tokens: HeldEntry[] = [];
    for (const [name, { held }] of this.#byName.entries()) {
      if (held === undefined) continue;
      const { keyFingerprint } = held;
      const { expiryMins } = requestNamed(name);
      const ageMs = Math.floor(held.ageMs(now));
      const remainingMs = Math.floor(held.remainingMs(now));
      tokens.push({ expiryMins, keyFingerprint, ageMs, remainingMs });
    }
    return tokens;
  }

  /** Whether any entry holds a token that can still be handed out. */
  holdsUsable(now: Instant): boolean {
    for (const { held } of this.#byName.values()) {
      if (held !== undefined && held.freshness(now) !== 'unusable') return true;
    }
    return false;
  }

  /** Removes the least recently used entry. A shared room remembers its wait. */
  evictOldest(): void {
    for (const name of this.#byName.rkeys()) {
      const entry = this.#byName.peek(name);
      this.#byName.delete(name);
      if (this.#latest?.name === name) this.#latest = undefined;
      if (entry !== undefined) this.#room?.remember(this.#nameInRoom(name), entry);
      this.#room?.leave(this);
      return;
    }
  }

  clear(): void {
    const { size } = this;
    this.#latest = undefined;
    this.#byName.clear();
    this.#room?.leave(this, size);
  }

  /** Evicts every entry. */
  evictAll(): void {
    while (this.size > 0) this.evictOldest();
  }

  #nameInRoom(name: string): string {
    return `${this.#serial}:${name}`;
  }
}
