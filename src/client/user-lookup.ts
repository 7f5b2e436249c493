import type { User } from './user.js';

/** Asks the app who is signed in, and why it is asked. Settles in the end, and does not reject. */
export type AskApp = (why?: 'unauthorized') => Promise<User | null>;

/**
 * Asks one question after the other, so that no late answer follows a newer one. Each begins after the calls that it
 * answers, which share it: so none of them hears of a user who had left before.
 */
export class UserLookup {
  readonly #askApp: AskApp;
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<User | null> | undefined;

  constructor(askApp: AskApp) {
    this.#askApp = askApp;
  }

  ask(): Promise<User | null> {
    return (this.#next ??= this.#queue(() => {
      this.#next = undefined;
      return this.#askApp();
    }));
  }

  /** Asks for new headers, since the former ones were refused. */
  renew(): Promise<User | null> {
    return this.#queue(() => this.#askApp('unauthorized'));
  }

  #queue(ask: () => Promise<User | null>): Promise<User | null> {
    const answer = this.#last.then(ask);
    this.#last = answer;
    return answer;
  }
}
