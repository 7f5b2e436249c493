import { host, type FetchResponse, type HostAbortSignal } from './host.js';
import type { RefreshTokenFailureType } from './options.js';
import { readRetryAfterMs } from './retry-after.js';
import type { User } from './user.js';

/** Sends one request with the headers of this user. */
export type Send = (user: User, signal: HostAbortSignal | undefined) => Promise<FetchResponse>;
/** Gives new headers after a refusal, or `null`; must not reject. */
export type RenewUser = () => Promise<User | null>;

/** The one fetch that all calls of a moment share: at most one retry, and one renewal of headers. */
export class Flight {
  readonly #send: Send;
  #renewUser: RenewUser | undefined;
  #canRetry = true;
  #isAborted = false;
  readonly #controller = host.AbortController && new host.AbortController();

  /** Whose headers were sent last. */
  user: User;
  /** The last HTTP status, 0 if there was no answer at all. */
  status = 0;
  /** Why there is no token so far; `'unauthorized'` until other headers are sent. */
  failure: RefreshTokenFailureType | undefined;
  /** The wait that the endpoint asked for; 0 if it asked for none. */
  retryAfterMs = 0;
  sentAt = 0;
  /** What the endpoint answered; the rest counts only if there is no failure. */
  answer: Record<string, unknown> = {};

  constructor(user: User, send: Send, renewUser?: RenewUser) {
    this.user = user;
    this.#send = send;
    this.#renewUser = renewUser;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }

  /** Resolves, once and always, when there is nothing more to try. */
  async run(now: () => number): Promise<true> {
    do {
      this.sentAt = now();
      await this.#request();
    } while ((await this.#mayRepeat()) && !this.#isAborted);
    return true;
  }

  async #mayRepeat(): Promise<boolean> {
    if (this.#isAborted || this.retryAfterMs) return false;
    if (this.failure === 'unauthorized') {
      const user = await this.#renewUser?.();
      this.#renewUser = undefined;
      if (user) this.user = user;
      return !!user;
    }
    const mayRepeat = this.#canRetry && (this.failure === 'network' || this.status >= 500);
    this.#canRetry = false;
    return mayRepeat;
  }

  async #request(): Promise<void> {
    this.failure = 'network';
    try {
      const response = await this.#send(this.user, this.#controller?.signal);
      this.status = response.status;
      this.failure = 'malformed';
      if (response.ok) {
        this.answer = (await response.json()) as Record<string, unknown>;
        const { token, expiresIn } = this.answer;
        // Less than a second is nothing to work with, and would have the SDK ask in a loop.
        if (typeof token === 'string' && token && Number(expiresIn) >= 1) this.failure = undefined;
      } else {
        this.failure = this.status === 401 || this.status === 403 ? 'unauthorized' : 'status';
        this.retryAfterMs = readRetryAfterMs(response.headers);
      }
    } catch {
      // `failure` says what went wrong; the error may hold the headers.
    }
  }
}
