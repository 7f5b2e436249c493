import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_KIDS = 1_000;

/** Every kid takes the same room, and none can pass for "no kid". */
function nameOf(kid: string | undefined): string {
  return kid === undefined ? 'none' : hash('sha256', kid, 'base64');
}

/** Remembers of unknown kids how many fetches of the JWKS had been started when each was first seen. */
export class SeenKids {
  readonly #fetchesBefore = new LRUCache<string, number>({ max: MAX_KIDS });

  /**
   * Notes that a kid is seen.
   *
   * @param fetches how many have been started so far.
   * @returns how many had been started when it was seen first.
   */
  see(kid: string | undefined, fetches: number): number {
    const name = nameOf(kid);
    const before = this.#fetchesBefore.get(name);
    if (before === undefined) this.#fetchesBefore.set(name, fetches);
    return before ?? fetches;
  }
}
