import { attempt } from './attempt.js';
import { startFlight, type Flight } from './flight.js';
import { holdToken } from './held-token.js';
import { host, isVisible, watchHost } from './host.js';
import { checkOption, type RefreshTokenEvent, type RefreshTokenOptions } from './options.js';
import { makePause } from './pause.js';
import { startTime } from './time.js';
import { askInTurn } from './user-lookup.js';
import { readUser, type User } from './user.js';

/** Returns a valid token, or `null`; never rejects. */
type Ask = () => Promise<string | null>;
/** Ends every timer and listener, and answers the calls under way and all later ones with `null`. */
type Close = () => void;

/**
 * Opens a session, which lasts until the next `reset()` or `stop()`. The session decides when to fetch, and which user
 * gets the held token: only the user whose headers brought it.
 */
export const openSession = ({
  endpoint,
  headers = {},
  identity,
  fetch = (url, init) => host.fetch(url, init),
  credentials,
  timeoutMs = 9_000,
  appState,
  onEvent = () => {},
  clock = host,
  random = Math.random,
}: RefreshTokenOptions): [Ask, Close] => {
  checkOption('endpoint', 'a string like /nudge/token', endpoint);
  checkOption('headers', 'an object or a function', headers);
  checkOption('identity', 'a function or undefined', identity);
  checkOption('fetch', 'a function', fetch);
  checkOption('timeoutMs', 'a number, 1 to 9000', timeoutMs || 0);
  checkOption('onEvent', 'a function', onEvent);

  const getHeaders = typeof headers === 'function' ? headers : () => headers;
  const time = startTime(clock, timeoutMs);
  const { now } = time;
  const held = holdToken();
  const pause = makePause();

  let isClosed = false;
  /** The user of the held token and of the flight; `null`, and no token is held, if no user is signed in or known. */
  let owner: User | null = null;
  let flight: Flight | undefined;
  let stopTimer: (() => void) | undefined;

  const finish = (type: RefreshTokenEvent['type'], status = 0, refused = '', retryAfterMs = 0): void => {
    let pauseMs = 0;
    if (type === 'token') pause.reset();
    // A fetch under way starts the pause itself when it fails.
    else if (!flight) pauseMs = pause.start(now(), random(), refused, retryAfterMs);
    if (refused) held.reset();
    fetchAhead();
    // The app's listener may throw. Callers get the token all the same.
    attempt(() => onEvent({ type, status, pauseMs }));
  };

  /** Makes `user` the only one who may get a token. */
  const setOwner = (user: User | null, why?: 'unauthorized'): void => {
    const isSame = user?.identity === owner?.identity;
    if (!isSame) held.reset();
    pause.see(now(), user?.headers);
    // The app may renew an access token that is not a JWT: the new one looks like another user's. The request goes on.
    if (owner && (isSame || (why && owner.isOpaque && user?.isOpaque))) {
      Object.assign(owner, user);
    } else {
      owner = user;
      flight?.abort();
      flight = undefined;
    }
  };

  const askUser = askInTurn(async (why) => {
    if (isClosed) return null;
    const user = await time.limit(readUser(getHeaders, identity, why).catch(() => 'headers' as const));
    if (isClosed) return null;
    if (typeof user === 'string') {
      // After a refusal, the fetch itself reports its result.
      if (!why) finish(user);
      return null;
    }
    // After a refusal, `null` means that the app has no new headers, not that the user has signed out.
    if (user || !why) setOwner(user, why);
    return user;
  });

  const startFetch = (user: User): void => {
    flight = startFlight(
      user,
      held,
      time,
      (sent, signal) => fetch(endpoint, { headers: sent, credentials, signal }),
      // Headers in a plain object do not change, so it is useless to send them again.
      getHeaders === headers ? () => askUser('unauthorized') : undefined,
      (type, status, refused, retryAfterMs) => {
        flight = undefined;
        finish(type, status, refused, retryAfterMs);
      },
    );
  };

  /**
   * Fetches the next token if it is due, else sets a timer. Fetches only while the app is visible and the SDK has got
   * the held token. `named` is the user if the app has just named the user; else this function asks the app.
   */
  const fetchAhead = (named?: User | null): void => {
    const waitMs = Math.max(held.dueAt(), pause.dueAt()) - now();
    if (flight) return;
    if (waitMs > 0) {
      stopTimer?.();
      if (held.isAlive(now())) stopTimer = time.start(waitMs, fetchAhead);
    } else if (isVisible(appState)) {
      if (named) startFetch(named);
      else void askUser().then((found) => found && fetchAhead(owner));
    }
  };

  const ask: Ask = async () => {
    // Without a token, and in a pause that other headers do not end, the answer is `null` whatever the app says.
    if (pause.holds(now()) && !held.isAlive(now())) return null;
    let user: User | null = null;

    const give = (at: number, named?: User | null): string | null => {
      // If `identity` throws here, the user gets no token. The next call then reports the failure to `onEvent`.
      if (!user || user !== owner || (identity && attempt(identity) !== user.identity)) return null;
      const token = held.give(at);
      if (token) fetchAhead(named);
      return token;
    };

    const answer = async (): Promise<string | null | void> => {
      user = (await askUser()) && owner;
      // One reading of the clock for both decisions: between two readings, a token could expire.
      const at = now();
      if (user && !held.isGood(at)) {
        if (!flight && pause.dueAt() <= at && held.allows(at)) startFetch(user);
        if (flight) return flight.end;
      }
      return give(at, user);
    };

    // After a fetch or a timeout, a token may be held. The user is not passed on: the app named the user some time ago.
    return (await time.limit(answer(), null)) ?? give(now());
  };

  const unwatch = watchHost(appState, () => {
    if (isVisible(appState)) pause.end(now());
    fetchAhead();
  });

  const close: Close = () => {
    isClosed = true;
    unwatch();
    stopTimer?.();
    setOwner(null);
    time.end();
  };

  return [ask, close];
};
