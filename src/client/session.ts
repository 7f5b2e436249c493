import { startTimeline, startTimer } from './clock.js';
import { Flight } from './flight.js';
import { HeldToken } from './held-token.js';
import { host, isVisible, watchHost } from './host.js';
import {
  checkOption,
  type RefreshTokenEvent,
  type RefreshTokenFailureType,
  type RefreshTokenOptions,
} from './options.js';
import { Pause } from './pause.js';
import { TimeLimits } from './time-limits.js';
import { UserLookup } from './user-lookup.js';
import { readUser, type User } from './user.js';

/** Gives a valid token, or `null`; never rejects. */
type Ask = () => Promise<string | null>;
/** Ends every timer and listener, and with `null` what is under way; from then on every answer is `null`. */
type Close = () => void;

/** What a call may wait for. */
interface Fetching {
  readonly flight: Flight;
  /** Resolves once its result is known to the session. */
  readonly ended: Promise<void>;
}

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
  const now = startTimeline(clock);
  const limits = new TimeLimits(clock, timeoutMs);
  const held = new HeldToken();
  const pause = new Pause();

  let isClosed = false;
  /** Whose token is held or under way; `null` if the user is signed out, or not asked for yet. */
  let owner: User | null = null;
  let fetching: Fetching | undefined;
  let stopTimer = (): void => {};

  const tell = (type: RefreshTokenEvent['type'], status: number, pauseMs: number): void => {
    try {
      onEvent({ type, status, pauseMs });
    } catch {
      // A listener's error is its own.
    }
  };

  const fail = (type: RefreshTokenFailureType, status = 0, refusedKey = '', retryAfterMs = 0): void => {
    // A fetch that is under way makes its own pause.
    const pauseMs = fetching ? 0 : pause.begin(now(), random(), refusedKey, retryAfterMs);
    fetchAhead();
    tell(type, status, pauseMs);
  };

  /** From now on, only this user may have a token. */
  const meet = (user: User | null, why?: 'unauthorized'): void => {
    const former = owner;
    owner = user;
    if (user?.identity === former?.identity) return;
    held.drop();
    // A renewed access token that is no JWT always looks like another user's: its request goes on.
    if (why && former?.isOpaque && user?.isOpaque) return;
    fetching?.flight.abort();
    fetching = undefined;
  };

  const lookup = new UserLookup(async (why) => {
    if (isClosed) return null;
    const answer = await limits.within(readUser(getHeaders, identity, why).catch(() => 'headers' as const));
    if (isClosed) return null;
    if (answer === undefined || answer === 'headers') {
      // After a refusal, that is what the fetch tells.
      if (!why) fail(answer ?? 'timeout');
      return null;
    }
    // No new headers are no sign-out.
    if (answer || !why) meet(answer, why);
    return answer;
  });

  const land = (flight: Flight, isInTime: true | undefined): void => {
    if (fetching?.flight !== flight) return;
    fetching = undefined;
    flight.abort();
    const { failure, status, retryAfterMs, user } = flight;
    if (isInTime && !failure) {
      held.keep(flight.answer, flight.sentAt);
      pause.forgetFailures();
      tell('token', status, 0);
      return;
    }
    const isRefused = failure === 'unauthorized';
    if (isRefused) held.drop();
    fail((isInTime && failure) || 'timeout', status, isRefused ? user.headersKey : '', retryAfterMs);
  };

  const startFetch = (user: User): Fetching => {
    stopTimer();
    const flight = new Flight(
      user,
      (sender, signal) => fetch(endpoint, { headers: { ...sender.headers }, credentials, signal }),
      // Headers that cannot change are not sent again.
      getHeaders === headers ? () => lookup.renew() : undefined,
    );
    const ended = limits.within(flight.run(now)).then((isInTime) => land(flight, isInTime));
    return (fetching = { flight, ended });
  };

  /** Fetches now, or when it is due: only for an app in use, whose SDK has taken the held token. */
  const fetchAhead = (user?: User | null): void => {
    const time = now();
    const waitMs = Math.max(held.refreshAt, pause.until) - time;
    if (isClosed || fetching || waitMs === Infinity) return;
    if (waitMs > 0) {
      stopTimer();
      if (held.isAlive(time)) stopTimer = startTimer(clock, waitMs, fetchAhead);
    } else if (isVisible(appState)) {
      if (user) startFetch(user);
      else void lookup.ask().then((found) => found && fetchAhead(found));
    }
  };

  const give = (user: User | undefined, time: number, isConfirmed: boolean): string | null => {
    try {
      if (isClosed || !user || user.identity !== owner?.identity) return null;
      if (identity && identity() !== user.identity) return null;
    } catch {
      // A user whom the app cannot name gets nothing; the next question tells `onEvent`.
      return null;
    }
    const token = held.give(time, isConfirmed);
    if (token !== null) fetchAhead(user);
    return token;
  };

  const answer = async (call: { fetching?: Fetching | undefined }): Promise<string | null> => {
    const user = await lookup.ask();
    if (!user || isClosed) return null;
    // One reading decides both whether to fetch and whether to give: between two of them a token could expire.
    const time = now();
    const isHeld = held.isAlive(time);
    if (isHeld && !held.isRefused(time)) return give(user, time, false);
    const maySend = (): boolean => pause.allows(time, user.headersKey) && (!isHeld || held.mayForce(time));
    call.fetching = fetching ?? (maySend() ? startFetch(user) : undefined);
    await call.fetching?.ended;
    return call.fetching ? give(call.fetching.flight.user, now(), true) : give(user, time, false);
  };

  const ask: Ask = async () => {
    // Where nothing is held and nothing may be sent, no headers would change the answer.
    if (isClosed || (!fetching && !held.isAlive(now()) && pause.isDeaf(now()))) return null;
    const call: Parameters<typeof answer>[0] = {};
    // Out of time: what the fetch has not brought may still be held.
    return (await limits.within(answer(call))) ?? give(call.fetching?.flight.user, now(), true);
  };

  const unwatch = watchHost(appState, () => {
    if (!isVisible(appState)) return;
    pause.endEarly(now());
    fetchAhead();
  });

  const close: Close = () => {
    isClosed = true;
    unwatch();
    stopTimer();
    meet(null);
    limits.end();
  };

  return [ask, close];
};
