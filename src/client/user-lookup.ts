import type { User } from './user.js';

/** Asks the app who is signed in, and why it is asked. Settles in the end, and does not reject. */
type AskApp = (why?: 'unauthorized') => Promise<User | null>;

/**
 * Asks one question after the other, so that no late answer follows a newer one. Each begins after the calls that it
 * answers, which share it: so none of them hears of a user who had left before. A question for new headers is not shared.
 */
export const askInTurn = (askApp: AskApp): AskApp => {
  let last: Promise<User | null> = Promise.resolve(null);
  let next: Promise<User | null> | undefined;
  const queue: AskApp = (why) =>
    (last = last.then(() => {
      if (!why) next = undefined;
      return askApp(why);
    }));
  return (why) => (why ? queue(why) : (next ??= queue()));
};
