import { LRUCache } from 'lru-cache';
import type { Instant } from '../common/clock.js';
import type { TokenRequest } from '../vendor/token-source.js';
import type { SharedRoom } from './shared-room.js';
import type { TokenEntry } from './token-entry.js';

/** What an entry is called within this process. */
export function nameOf({ expiryMins, extId }: TokenRequest): string {
  return extId === undefined ? String(expiryMins) : `${expiryMins}:${extId}`;
}

/** The reverse of {@link nameOf}. */
export function requestNamed(name: string): TokenRequest {
  const border = name.indexOf(':');
  const expiryMins = Number.parseInt(name, 10);
  return border < 0 ? { expiryMins } : { expiryMins, extId: name.slice(border + 1) };
}

/** A held token: everything but the token. */
export interface HeldEntry {
  readonly expiryMins: number;
  readonly keyFingerprint: string;
  readonly ageMs: number;
  readonly remainingMs: number;
}

/** A bounded number of entries: those that were asked for last. */
export class TokenEntries {
  readonly #create: () => TokenEntry;
  readonly #byName: LRUCache<string, TokenEntry>;
  /** Where other caches share the bound. */
  readonly #room: SharedRoom | undefined;
  readonly #serial: number;
  /** The one that was asked for last needs no looking up, nor to be moved to the front. */
  #latest: { readonly name: string; readonly entry: TokenEntry } | undefined;

  /** @param bound how many entries, or the room that is shared with other caches. */
  constructor(bound: number | SharedRoom, create: () => TokenEntry) {
    this.#room = typeof bound === 'number' ? undefined : bound;
    this.#serial = this.#room?.nextSerial() ?? 0;
    // In a shared room it grows as needed: a thousand tables of the full size would take hundreds of megabytes.
    this.#byName = new LRUCache(
      typeof bound === 'number'
        ? { max: bound }
        : { maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: () => 1 },
    );
    this.#create = create;
  }

  /** How many there are. */
  get size(): number {
    return this.#byName.size;
  }

  /** The entry of that name, which counts as asked for now. */
  find(name: string): TokenEntry | undefined {
    if (this.#latest?.name === name) return this.#latest.entry;
    const entry = this.#byName.get(name);
    if (entry !== undefined) this.#latest = { name, entry };
    return entry;
  }

  /** The same, made where there is none. */
  of(name: string): TokenEntry {
    const known = this.find(name);
    if (known !== undefined) return known;
    this.#room?.enter(this);
    const entry = this.#room?.recall(this.#nameInRoom(name)) ?? this.#create();
    this.#byName.set(name, entry);
    this.#latest = { name, entry };
    return entry;
  }

  /** The same without counting as asked for, as nobody gets anything from it. */
  peek(name: string): TokenEntry | undefined {
    return this.#byName.peek(name);
  }

  /** All of them with their names, the one asked for last first. */
  all(): [name: string, entry: TokenEntry][] {
    return [...this.#byName.entries()];
  }

  /** How many of them hold a token. */
  countHeld(): number {
    let held = 0;
    for (const entry of this.#byName.values()) if (entry.held !== undefined) held += 1;
    return held;
  }

  /** What they hold, without the tokens; in whole milliseconds, rounded down. */
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

  /** Whether any of them holds a token that can still be handed out. */
  holdsUsable(now: Instant): boolean {
    for (const { held } of this.#byName.values()) {
      if (held !== undefined && held.freshness(now) !== 'unusable') return true;
    }
    return false;
  }

  /** Takes the one away that was asked for least recently; in a shared room its wait is remembered. */
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

  /** Takes all of them away as if each was evicted. */
  evictAll(): void {
    while (this.size > 0) this.evictOldest();
  }

  #nameInRoom(name: string): string {
    return `${this.#serial}:${name}`;
  }
}
