import type { HttpService } from '@nestjs/axios';
import { DelegateBackoff, handleWhenResult, retry } from 'cockatiel';
import { firstValueFrom } from 'rxjs';
import type { Clock, Random } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import type { Secret } from '../common/secret.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { readClaims } from '../token/claims.js';
import { placeInTime } from '../token/placement.js';
import { parseAnswer, type AnswerFailure, type HttpAnswer } from './answer.js';
import type { ApiKeyProvider } from './api-key.js';
import { ApiKeys } from './api-keys.js';
import type { FetchedToken, FurtherCalls, TokenRequest, TokenSource } from './token-source.js';
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

/** The headers of an answer that mean something here. HTTP allows each of them once. */
const HEADERS = ['content-type', 'retry-after', 'date', 'age'] as const;

const FREELY: FurtherCalls = { mayCallAgain: () => Promise.resolve(true), gotNoAnswer: () => undefined };

type Attempt = FetchedToken | AnswerFailure;

function isFailure(attempt: Attempt | ReturnType<typeof parseAnswer>): attempt is AnswerFailure {
  return 'error' in attempt;
}

/** Milliseconds that an answer asks to wait before the next attempt. */
function askedForMs({ error }: AnswerFailure): number {
  return error.retryAfterMs ?? 0;
}

function isTimeForAttempt(deadline: Deadline): boolean {
  return deadline.remainingMs() >= SHORTEST_ATTEMPT_MS;
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
  readonly #keys: ApiKeys;

  constructor(
    http: HttpService,
    options: NudgeHttpTokenSourceOptions,
    clock: Clock,
    random: Random,
    events: NudgeAuthEvents = new NudgeAuthEvents(),
  ) {
    this.#keys = new ApiKeys(options.apiKey, options.fallbackApiKey, events, clock);
    this.#http = http;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
  }

  async fetchToken(
    request: TokenRequest,
    deadline: Deadline,
    { mayCallAgain, gotNoAnswer }: FurtherCalls = FREELY,
  ): Promise<FetchedToken> {
    const mayGoOn = async (): Promise<boolean> =>
      isTimeForAttempt(deadline) && (await mayCallAgain()) && isTimeForAttempt(deadline);
    let refusal: NudgeAuthError | undefined;
    for await (const candidate of this.#keys.candidates(deadline)) {
      // With no time or budget left the refusal itself is the better answer.
      if (refusal !== undefined && !(await mayGoOn())) break;
      const attempt = await this.#call(candidate.key, request, deadline, mayGoOn, gotNoAnswer);
      if (!isFailure(attempt)) {
        this.#keys.accepted(candidate);
        return attempt;
      }
      if (attempt.error.code !== 'NUDGE_CREDENTIALS_REJECTED') throw attempt.error;
      this.#keys.refused(candidate);
      refusal = attempt.error;
    }
    throw (
      refusal ?? new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'There is no API key to call Nudge with')
    );
  }

  /** One call with one key: as many attempts as `maxRetries` and the deadline allow. The last failure is the answer. */
  #call(
    key: Secret,
    request: TokenRequest,
    deadline: Deadline,
    mayGoOn: () => Promise<boolean>,
    gotNoAnswer: () => void,
  ): Promise<Attempt> {
    const spareMs = (): number => deadline.remainingMs() - SHORTEST_ATTEMPT_MS;
    const isWorthRetrying = (attempt: unknown): boolean =>
      isFailure(attempt as Attempt) &&
      (attempt as AnswerFailure).isTransient &&
      askedForMs(attempt as AnswerFailure) <= spareMs();
    let last: AnswerFailure | undefined;
    const policy = retry(handleWhenResult(isWorthRetrying), {
      maxAttempts: this.#options.maxRetries,
      backoff: new DelegateBackoff(({ attempt }) => {
        const ceilingMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1), spareMs());
        return Math.max(this.#random() * ceilingMs, last === undefined ? 0 : askedForMs(last));
      }),
    });
    policy.onRetry(() => {
      if (last?.isUnanswered === true) gotNoAnswer();
    });
    return policy.execute(async () => {
      // The pause may have ended late, or the budget be spent: then what is known already is the answer.
      if (last !== undefined && !(await mayGoOn())) return { ...last, isTransient: false };
      const attempt = await this.#attempt(key, request, deadline);
      last = isFailure(attempt) ? attempt : undefined;
      return attempt;
    });
  }

  async #attempt(key: Secret, request: TokenRequest, deadline: Deadline): Promise<Attempt> {
    if (!isTimeForAttempt(deadline)) {
      const error = new NudgeAuthError('NUDGE_TIMEOUT', 'Too little time was left to call Nudge');
      return { error, isTransient: false };
    }
    const timeoutMs = Math.min(this.#options.timeoutMs, deadline.remainingMs());
    const abort = new AbortController();
    const cancelTimeout = this.#clock.schedule(timeoutMs, () => abort.abort());
    const sentAt = this.#clock.now();
    try {
      const answer = await this.#send(key, request, abort.signal);
      const receivedAt = this.#clock.now();
      const parsed = parseAnswer(answer, receivedAt.wallMs);
      if (isFailure(parsed)) return parsed;
      const claims = readClaims(parsed.token);
      const { date, age } = answer.headers;
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
    const headers = Object.fromEntries(
      HEADERS.map((name) => {
        const value: unknown = response.headers[name];
        return [name, typeof value === 'string' ? value : undefined];
      }),
    );
    return { status: response.status, headers, body: response.data };
  }
}
