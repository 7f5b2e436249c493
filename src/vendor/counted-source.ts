import type { Secret } from '../common/secret.js';
import type { VendorCallCounts } from '../telemetry/counts.js';
import type { FetchedToken, TokenRequest, TokenSource } from './token-source.js';

/** A source that counts its calls, including those that no caller waits for any more. */
export class CountedSource implements TokenSource {
  readonly #source: TokenSource;
  readonly #counts: VendorCallCounts;

  constructor(source: TokenSource, counts: VendorCallCounts) {
    this.#source = source;
    this.#counts = counts;
  }

  async fetchToken(request: TokenRequest, key: Secret, timeoutMs: number): Promise<FetchedToken> {
    const fetched = await this.#counts.failed.of(this.#source.fetchToken(request, key, timeoutMs));
    this.#counts.succeeded += 1;
    return fetched;
  }
}
