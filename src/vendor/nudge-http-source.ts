import type { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import type { Clock } from '../common/clock.js';
import type { Secret } from '../common/secret.js';
import { readClaims } from '../token/claims.js';
import { lifeByVendorTime } from '../token/vendor-time.js';
import { parseAnswer, type HttpAnswer } from './answer.js';
import type { FetchedToken, TokenRequest, TokenSource } from './token-source.js';
import { tokenUrl } from './token-url.js';
import { failureOfTransport } from './transport-failure.js';

/** The headers of an answer that mean something here. HTTP allows each of them once. */
const HEADERS = ['content-type', 'retry-after', 'date', 'age'] as const;

/**
 * Nudge's token API over HTTP, one attempt at a time. The only place where an API key is revealed.
 *
 * @see https://docs.nudgenow.com/apis/get-jwt-token
 */
export class NudgeHttpTokenSource implements TokenSource {
  readonly #http: HttpService;
  readonly #baseUrl: string;
  readonly #clock: Clock;

  /** @param baseUrl without a trailing slash. */
  constructor(http: HttpService, baseUrl: string, clock: Clock) {
    this.#http = http;
    this.#baseUrl = baseUrl;
    this.#clock = clock;
  }

  async fetchToken(request: TokenRequest, apiKey: Secret, timeoutMs: number): Promise<FetchedToken> {
    const abort = new AbortController();
    const cancelTimeout = this.#clock.schedule(timeoutMs, () => abort.abort());
    const sentAt = this.#clock.now();
    try {
      const answer = await this.#send(apiKey, request, abort.signal);
      const receivedAt = this.#clock.now();
      const token = parseAnswer(answer, receivedAt.wallMs);
      const claims = readClaims(token);
      const { date, age } = answer.headers;
      return {
        token,
        claims,
        arrivedAt: receivedAt,
        ...lifeByVendorTime(claims, { sentAt, receivedAt, date, age }),
        keyFingerprint: apiKey.fingerprint,
      };
    } catch (error) {
      throw failureOfTransport(error, abort.signal.aborted ? timeoutMs : undefined);
    } finally {
      cancelTimeout();
    }
  }

  async #send(key: Secret, request: TokenRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const response = await firstValueFrom(
      this.#http.get<string>(tokenUrl(this.#baseUrl, request), {
        headers: { accept: 'application/json', 'user-agent': 'nestjs-nudge-auth', apikey: key.reveal() },
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
