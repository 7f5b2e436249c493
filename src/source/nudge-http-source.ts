import type { HttpService } from '@nestjs/axios';
import { DelegateBackoff, handleWhenResult, retry } from 'cockatiel';
import { firstValueFrom } from 'rxjs';
import type { Clock, Random } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { Secret } from '../common/secret.js';
import { readClaims } from '../token/claims.js';
import { placeInTime } from '../token/placement.js';
import { parseAnswer, type AnswerFailure, type HttpAnswer } from './answer.js';
import { askForApiKey, type ApiKeyProvider } from './api-key.js';
import type { FetchedToken, TokenRequest, TokenSource } from './token-source.js';
import { failureOfTransport } from './transport-failure.js';

const TOKEN_PATH = '/clients/jwt/token';
/** An attempt with less time than this would hardly come back, and still count against the vendor's limit. */
const SHORTEST_ATTEMPT_MS = 500;
const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 2 * SECOND_MS;

export interface NudgeHttpTokenSourceOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly apiKey: ApiKeyProvider;
  readonly fallbackApiKey?: ApiKeyProvider | undefined;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

type Attempt = FetchedToken | AnswerFailure;

function isFailure(attempt: unknown): attempt is AnswerFailure {
  return typeof attempt === 'object' && attempt !== null && 'error' in attempt;
}

/**
 * Nudge's token API over HTTP. The only place where an API key is revealed.
 *
 * @see https://docs.nudgenow.com/apis/get-jwt-token
 */
export class NudgeHttpTokenSource implements TokenSource {
  readonly #http: HttpService;
  readonly #options: NudgeHttpTokenSourceOptions;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(http: HttpService, options: NudgeHttpTokenSourceOptions, clock: Clock, random: Random) {
    this.#http = http;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
  }

  async fetchToken(request: TokenRequest, deadline: Deadline): Promise<FetchedToken> {
    const { apiKey, fallbackApiKey } = this.#options;
    const first = await askForApiKey(apiKey, deadline);
    let attempt = await this.#call(first, request, deadline);
    if (isFailure(attempt) && attempt.error.code === 'NUDGE_CREDENTIALS_REJECTED') {
      const again = await askForApiKey(apiKey, deadline);
      if (again.fingerprint !== first.fingerprint) attempt = await this.#call(again, request, deadline);
    }
    if (
      isFailure(attempt) &&
      attempt.error.code === 'NUDGE_CREDENTIALS_REJECTED' &&
      fallbackApiKey !== undefined
    ) {
      attempt = await this.#call(await askForApiKey(fallbackApiKey, deadline), request, deadline);
    }
    if (isFailure(attempt)) throw attempt.error;
    return attempt;
  }

  /** One call with one key: as many attempts as `maxRetries` and the deadline allow. */
  #call(key: Secret, request: TokenRequest, deadline: Deadline): Promise<Attempt> {
    const mayRetry = (attempt: unknown): boolean =>
      isFailure(attempt) &&
      attempt.isTransient &&
      this.#longestPauseMs(deadline) >= (attempt.error.retryAfterMs ?? 0);
    const policy = retry(handleWhenResult(mayRetry), {
      maxAttempts: this.#options.maxRetries,
      backoff: new DelegateBackoff(({ attempt, result }) => {
        const failed = 'value' in result && isFailure(result.value) ? result.value : undefined;
        const ceilingMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
        const pauseMs = Math.max(this.#random() * ceilingMs, failed?.error.retryAfterMs ?? 0);
        return Math.min(pauseMs, this.#longestPauseMs(deadline));
      }),
    });
    return policy.execute(() => this.#attempt(key, request, deadline));
  }

  #longestPauseMs(deadline: Deadline): number {
    return deadline.remainingMs() - SHORTEST_ATTEMPT_MS;
  }

  async #attempt(key: Secret, request: TokenRequest, deadline: Deadline): Promise<Attempt> {
    const timeoutMs = Math.min(this.#options.timeoutMs, deadline.remainingMs());
    if (deadline.remainingMs() < SHORTEST_ATTEMPT_MS) {
      const error = new NudgeAuthError('NUDGE_TIMEOUT', 'Too little time was left to call Nudge');
      return { error, isTransient: false };
    }
    const abort = new AbortController();
    const cancelTimeout = this.#clock.schedule(timeoutMs, () => abort.abort());
    const sentAt = this.#clock.now();
    try {
      const answer = await this.#send(key, request, abort.signal);
      const receivedAt = this.#clock.now();
      const parsed = parseAnswer(answer, receivedAt.wallMs);
      if (isFailure(parsed)) return parsed;
      const claims = readClaims(parsed.token);
      const { date, age } = answer.headers as { date?: string; age?: string };
      return {
        token: parsed.token,
        claims,
        arrivedAt: receivedAt,
        ...placeInTime(claims, { sentAt, receivedAt, date, age }),
        keyFingerprint: key.fingerprint,
      };
    } catch (error) {
      return failureOfTransport(error, abort.signal.aborted ? timeoutMs : undefined);
    } finally {
      cancelTimeout();
    }
  }

  async #send(key: Secret, { expiryMins, extId }: TokenRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const response = await firstValueFrom(
      this.#http.get<string>(this.#options.baseUrl + TOKEN_PATH, {
        headers: { accept: 'application/json', 'user-agent': 'nestjs-nudge-auth', apikey: key.reveal() },
        params: extId === undefined ? { expiryMins } : { expiryMins, extId },
        signal,
      }),
    );
    return { status: response.status, headers: { ...response.headers }, body: response.data };
  }
}
