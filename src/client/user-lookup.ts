import type { User } from './user.js';

/** Asks the app which user is signed in, and says why it asks. Never rejects, and never hangs. */
type AskApp = (why?: 'unauthorized') => Promise<User | null>;

/**
 * Asks one question after the other, so that no late answer follows a newer one. Calls share a question that has not
 * begun yet, so that no call hears of a user who had left before it. A question for new headers is not shared.
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
