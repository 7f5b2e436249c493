import type { HeldToken, TokenAnswer } from './held-token.js';
import { host, type FetchResponse, type HostAbortSignal } from './host.js';
import type { RefreshTokenEvent } from './options.js';
import { readRetryAfterMs } from './retry-after.js';
import type { Time } from './time.js';
import type { User } from './user.js';

/** Sends one request with these headers. */
export type Send = (
  headers: Record<string, string>,
  signal: HostAbortSignal | undefined,
) => Promise<FetchResponse>;

/** Gets the result of a flight: type, last status, refused headers, and the wait that the endpoint asked for. */
type Finish = (
  type: RefreshTokenEvent['type'],
  status: number,
  refused: string,
  retryAfterMs: number,
) => void;

/** The fetch that all calls at one moment share. */
export interface Flight {
  /** Resolves when the flight has ended, also when it ended after `abort()`. */
  readonly end: Promise<void>;
  /** Aborts the flight: it keeps no token and does not call `finish` any more. */
  abort(): void;
}

/**
 * Fetches a token into `held`, with the current headers of the user. Retries at most once, and renews the headers at
 * most once: after a refusal, `renew` asks the app for new headers, and resolves to a falsy value if the app has none.
 */
export const startFlight = (
  user: User,
  held: HeldToken,
  time: Time,
  send: Send,
  renew: (() => Promise<unknown>) | undefined,
  finish: Finish,
): Flight => {
  const controller = host.AbortController && new host.AbortController();
  let isOver = false;
  let canRetry = true;
  let type: RefreshTokenEvent['type'];
  let status = 0;
  let refused: string;
  let retryAfterMs = 0;

  const request = async (): Promise<void> => {
    const sentAt = time.now();
    const { headers } = user;
    type = 'network';
    refused = '';
    try {
      const response = await send(JSON.parse(headers) as Record<string, string>, controller?.signal);
      status = response.status;
      type = 'malformed';
      if (response.ok) {
        const answer = (await response.json()) as TokenAnswer;
        if (!isOver && held.keep(answer, sentAt)) type = 'token';
      } else {
        refused = status === 401 || status === 403 ? headers : '';
        type = refused ? 'unauthorized' : 'status';
        retryAfterMs = readRetryAfterMs(response.headers);
      }
    } catch {
      // `type` says what went wrong. The error is dropped because it may hold the headers.
    }
  };

  const run = async (): Promise<RefreshTokenEvent['type']> => {
    for (;;) {
      await request();
      if (isOver || retryAfterMs) return type;
      if (refused) {
        if (!(await renew?.()) || isOver) return type;
        renew = undefined;
      } else {
        if (!canRetry || (type !== 'network' && status < 500)) return type;
        canRetry = false;
      }
    }
  };

  const abort = (): void => {
    isOver = true;
    controller?.abort();
  };

  const fetchToken = async (): Promise<void> => {
    const end = await time.limit(run());
    if (isOver) return;
    abort();
    finish(end, status, refused, retryAfterMs);
  };

  return { abort, end: fetchToken() };
};
