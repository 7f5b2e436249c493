import type { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import type { Clock } from '../common/clock.js';
import type { Secret } from '../common/secret.js';
import { readClaims } from '../token/claims.js';
import { lifeByVendorTime } from '../token/vendor-time.js';
import { parseAnswer, sendTokenCall } from './token-call.js';
import type { FetchedToken, TokenRequest, TokenSource } from './token-source.js';
import { failureOfTransport } from './transport-failure.js';

/**
 * Nudge's token API over HTTP, one attempt at a time.
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
      const answer = await sendTokenCall(
        (url, config) => firstValueFrom(this.#http.get<string>(url, config)),
        { baseUrl: this.#baseUrl, request, apiKey, signal: abort.signal },
      );
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
}
