import type { User } from './user.js';

/** Asks the app which user is signed in, and tells the app the reason. Never rejects, and never hangs. */
type AskApp = (why?: 'unauthorized') => Promise<User | null>;

/**
 * Runs one look-up after the other, so that an older answer never comes after a newer one. Calls share a look-up that
 * has not begun yet: its answer is newer than each of these calls. No calls share a look-up for new headers.
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
