import { startTimeline } from './clock.js';
import { host, isVisible, watchHost } from './host.js';
import { checkOption, type RefreshTokenEvent, type RefreshTokenOptions } from './options.js';

/** Gives a valid token, or `null`; never rejects. */
type Ask = () => Promise<string | null>;
/** Ends every timer and listener, and with `null` what is under way; from then on every answer is `null`. */
type Close = () => void;

/**
 * Begins one user's stay, which lasts until the next `reset()` or `stop()`, with nothing held and nothing sent. All
 * state lives in it, so none of it can reach the next user. It is one closure, with constants inside, because local
 * names minify to a letter or to nothing.
 */
export const openSession = ({
  endpoint,
  headers = {},
  fetch = (url, init) => host.fetch(url, init),
  credentials,
  timeoutMs = 9_000,
  appState,
  onEvent = () => {},
  clock = host,
  random = Math.random,
}: RefreshTokenOptions): [Ask, Close] => {
  // The SDK keeps a good token: one that it asks for again after this long was refused.
  const REFUSED_AFTER_MS = 10_000;
  const MIN_FORCED_INTERVAL_MS = 60_000;
  const MIN_EARLY_END_INTERVAL_MS = 30_000;
  // The first pause; each further one is twice as long, up to the factor, and a quarter of chance comes on top.
  const UNAUTHORIZED_PAUSE_MS = 30_000;
  const FAILURE_PAUSE_MS = 5_000;
  const MAX_PAUSE_FACTOR = 8;
  // For a `Retry-After` that is a date: a device's clock cannot be trusted with it.
  const UNREADABLE_RETRY_AFTER_S = 60;
  // No proxy's nonsense silences a client for a day.
  const MAX_RETRY_AFTER_S = 3_600;
  // Below 2^31, from where on a timer would fire at once.
  const MAX_TIMER_MS = 2_000_000_000;

  checkOption('endpoint', 'a string like /nudge/token', endpoint);
  checkOption('headers', 'an object or a function', headers);
  checkOption('fetch', 'a function', fetch);
  checkOption('timeoutMs', 'a number, 1 to 9000', timeoutMs || 0);
  checkOption('onEvent', 'a function', onEvent);

  const getHeaders = typeof headers === 'function' ? headers : () => headers;
  const now = startTimeline(clock);

  let token = '';
  let expiresAt = 0;
  let refreshAt = 0;
  /** When the held token was first handed out, or last confirmed. */
  let returnedAt = Infinity;
  let forceableAt = 0;

  let pausedUntil = 0;
  let pauseFactor = 0.5;
  /** The headers that caused the pause, as a key; empty if something else did. */
  let refusedKey = '';
  /** From when on a pause may be ended early. */
  let endableAt = 0;

  let flight: Promise<void> | true | undefined;
  let endFlight: ((type?: 'timeout') => void) | undefined;
  /** One for all: there is either a flight to end or a next one to begin. */
  let timer: unknown;

  const arm = (callback: () => void, delayMs: number): void => {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
  };

  const endPause = (): boolean => {
    if (now() < endableAt) return false;
    endableAt = now() + MIN_EARLY_END_INTERVAL_MS;
    pausedUntil = 0;
    return true;
  };

  const fly = (): Promise<void> =>
    (flight = new Promise((resolve) => {
      const controller = host.AbortController && new host.AbortController();
      let isOver = false;
      /** `undefined`: nothing was sent, and nothing needs to be said. */
      let type: RefreshTokenEvent['type'] | undefined;
      /** Set from a refusal until other headers are sent. */
      let why: 'unauthorized' | undefined;
      let status = 0;
      let sentKey = '';
      let pauseMs = 0;

      const run = async (): Promise<void> => {
        // Headers that cannot change are not sent again.
        const spent: unknown[] = getHeaders === headers ? [] : ['unauthorized'];
        // What `headers` calls, perhaps `refreshToken`, must find this flight under way.
        await Promise.resolve();
        // Signed out in the same breath: then nobody's headers are asked for.
        if (isOver) return;
        for (;;) {
          type = why;
          try {
            const key = JSON.stringify((await getHeaders(why)) ?? null);
            if (isOver || (now() < pausedUntil && (key === refusedKey || !endPause()))) return;
            if (key === 'null') {
              expiresAt = 0;
              return;
            }
            type = 'network';
            why = undefined;
            sentKey = key;
            const sentAt = now();
            const response = await fetch(endpoint, {
              headers: JSON.parse(key) as Record<string, string>,
              credentials,
              signal: controller?.signal,
            });
            type = 'malformed';
            status = response.status;
            if (response.ok) {
              const answer = (await response.json()) as Record<string, unknown>;
              const lifeMs = Number(answer.expiresIn) * 1_000;
              // Less than a second is nothing to work with, and would have the SDK ask in a loop.
              if (!isOver && typeof answer.token === 'string' && answer.token && lifeMs >= 1_000) {
                type = 'token';
                token = answer.token;
                expiresAt = sentAt + lifeMs;
                // In the first half of a life it is a mistake, with which clients would poll.
                refreshAt = sentAt + Math.max(Number(answer.refreshIn) * 1_000 || lifeMs * 0.8, lifeMs / 2);
                returnedAt = Infinity;
                pauseFactor = 0.5;
                return;
              }
            } else {
              type = 'status';
              if (status === 401 || status === 403) type = why = 'unauthorized';
              const seconds = Number(response.headers.get('retry-after'));
              pauseMs =
                Math.min(seconds >= 0 ? seconds : UNREADABLE_RETRY_AFTER_S, MAX_RETRY_AFTER_S) * 1_000;
            }
          } catch {
            type ??= 'headers';
          }
          if (isOver || pauseMs || (!why && status && status < 500) || spent.includes(why)) return;
          spent.push(why);
        }
      };

      const land = (): void => {
        if (isOver) return;
        isOver = true;
        flight = undefined;
        resolve();
        if (!type) return;
        if (why) expiresAt = 0;
        // A failure of `headers` within a pause for refused ones does not shorten it.
        if (type !== 'token' && now() >= pausedUntil) {
          pauseFactor = !why === !refusedKey ? Math.min(pauseFactor * 2, MAX_PAUSE_FACTOR) : 1;
          refusedKey = why ? sentKey : '';
          // What the endpoint asks for is not ended early.
          if (pauseMs) endableAt = Math.max(endableAt, now() + pauseMs);
          else {
            pauseMs = (why ? UNAUTHORIZED_PAUSE_MS : FAILURE_PAUSE_MS) * pauseFactor * (1 + random() / 4);
          }
          pausedUntil = now() + pauseMs;
          fetchAhead();
        }
        try {
          onEvent({ type, status, pauseMs });
        } catch {
          // A listener's error is its own.
        }
      };

      endFlight = (reason) => {
        type = reason;
        land();
        controller?.abort();
      };
      arm(() => endFlight?.('timeout'), timeoutMs);
      void run().then(land);
    }));

  /** Only for an app in use, whose SDK has taken the held token; else the next call does it. */
  const fetchAhead = (): void => {
    if (flight || returnedAt === Infinity) return;
    const waitMs = Math.max(refreshAt, pausedUntil) - now();
    if (waitMs <= 0) {
      if (isVisible(appState)) void fly();
    } else if (now() < expiresAt) arm(fetchAhead, waitMs);
  };

  const give = (at: number, time: number): string | null => {
    if (time >= expiresAt) return null;
    returnedAt = at;
    fetchAhead();
    return token;
  };

  const ask: Ask = async () => {
    // One reading decides both whether to fetch and whether to give: between two of them a token could expire.
    let time = now();
    const isHeld = time < expiresAt;
    let at = Math.min(returnedAt, time);
    const isWanted = !isHeld || time - at > REFUSED_AFTER_MS;
    // In a pause for refused headers, the flight looks whether they have changed.
    const isAllowed = (!isHeld || time >= forceableAt) && (time >= pausedUntil || refusedKey);
    if (isWanted && (flight || isAllowed)) {
      if (isHeld) forceableAt = time + MIN_FORCED_INTERVAL_MS;
      await (flight ?? fly());
      at = time = now();
    }
    return give(at, time);
  };

  const unwatch = watchHost(appState, () => {
    if (!isVisible(appState)) return;
    if (now() < pausedUntil) endPause();
    fetchAhead();
  });

  return [
    ask,
    () => {
      unwatch();
      endFlight?.();
      clock.clearTimeout(timer);
      expiresAt = 0;
      // Never empty again, so no other flight begins.
      flight = true;
    },
  ];
};
