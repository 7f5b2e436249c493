import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_KIDS = 1_000;

/** A digest, so that every kid takes the same space and none is equal to the name of a missing kid. */
function nameOf(kid: string | undefined): string {
  return kid === undefined ? 'none' : hash('sha256', kid, 'base64');
}

/** Remembers for each unknown kid how many fetches of the JWKS had been started when it was first seen. */
export class SeenKids {
  readonly #fetchesBefore = new LRUCache<string, number>({ max: MAX_KIDS });

  /**
   * Records that a JWT named this kid.
   *
   * @param fetches how many fetches have been started so far.
   * @returns how many fetches had been started when the kid was first seen.
   */
  see(kid: string | undefined, fetches: number): number {
    const name = nameOf(kid);
    const before = this.#fetchesBefore.get(name);
    if (before === undefined) this.#fetchesBefore.set(name, fetches);
    return before ?? fetches;
  }
}
