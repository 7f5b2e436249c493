import { attempt } from './attempt.js';
import { startFlight, type Flight } from './flight.js';
import { holdToken } from './held-token.js';
import { host, isVisible, watchHost } from './host.js';
import { checkOption, type RefreshTokenEvent, type RefreshTokenOptions } from './options.js';
import { makePause } from './pause.js';
import { startTime } from './time.js';
import { askInTurn } from './user-lookup.js';
import { readUser, type User } from './user.js';

/** Gives a valid token, or `null`; never rejects. */
type Ask = () => Promise<string | null>;
/** Ends every timer and listener, and with `null` what is under way; from then on every answer is `null`. */
type Close = () => void;

/**
 * Begins what lasts until the next `reset()` or `stop()`. It decides when to fetch, and to whom the held token may be
 * returned: to the user whose headers brought it, as long as the app names no other.
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
  /** Whose token is held or under way; `null` if the user is signed out, or not asked for yet: then nothing is held. */
  let owner: User | null = null;
  let flight: Flight | undefined;
  let stopTimer: (() => void) | undefined;

  const finish = (type: RefreshTokenEvent['type'], status = 0, refused = '', retryAfterMs = 0): void => {
    let pauseMs = 0;
    if (type === 'token') pause.reset();
    // A fetch that is under way makes its own pause.
    else if (!flight) pauseMs = pause.start(now(), random(), refused, retryAfterMs);
    if (refused) held.reset();
    fetchAhead();
    // A listener's error is its own.
    attempt(() => onEvent({ type, status, pauseMs }));
  };

  /** From now on, only this user may have a token. */
  const meet = (user: User | null, why?: 'unauthorized'): void => {
    const isSame = user?.identity === owner?.identity;
    if (!isSame) held.reset();
    // A renewed access token that is no JWT always looks like another user's: its request goes on.
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
      // After a refusal, that is what the fetch tells.
      if (!why) finish(user);
      return null;
    }
    // No new headers are no sign-out.
    if (user || !why) meet(user, why);
    return user;
  });

  const startFetch = (user: User): void => {
    flight = startFlight(
      user,
      held,
      time,
      (sent, signal) => fetch(endpoint, { headers: sent, credentials, signal }),
      // Headers that cannot change are not sent again.
      getHeaders === headers ? () => askUser('unauthorized') : undefined,
      (...finished) => {
        flight = undefined;
        finish(...finished);
      },
    );
  };

  /** Fetches now, or when it is due: only for an app in use, whose SDK has taken the held token. */
  const fetchAhead = (user?: User | null): void => {
    const waitMs = Math.max(held.dueAt(), pause.dueAt()) - now();
    if (flight) return;
    if (waitMs > 0) {
      stopTimer?.();
      if (held.isAlive(now())) stopTimer = time.start(waitMs, fetchAhead);
    } else if (isVisible(appState)) {
      if (user) startFetch(user);
      else void askUser().then((found) => found && fetchAhead(owner));
    }
  };

  const ask: Ask = async () => {
    // Where nothing is held and nothing may be sent, no headers would change the answer.
    if (pause.isDeaf(now()) && !held.isAlive(now())) return null;
    let user: User | null = null;

    const give = (at: number): string | null => {
      // A user whom the app cannot name gets nothing; the next question tells `onEvent`.
      if (!user || user !== owner || (identity && attempt(identity) !== user.identity)) return null;
      const token = held.give(at);
      if (token) fetchAhead(user);
      return token;
    };

    const answer = async (): Promise<string | null | void> => {
      user = (await askUser()) && owner;
      // One reading decides both whether to fetch and whether to give: between two of them a token could expire.
      const at = now();
      if (user && !held.isGood(at)) {
        if (!flight && pause.allows(at, user.headers) && held.allows(at)) startFetch(user);
        if (flight) return flight.end;
      }
      return give(at);
    };

    // Out of time: what the fetch has not brought may still be held.
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
    meet(null);
    time.end();
  };

  return [ask, close];
};
