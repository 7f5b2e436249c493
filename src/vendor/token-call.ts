import type { Secret } from '../common/secret.js';
import type { HttpAnswer } from './answer.js';
import type { TokenRequest } from './token-source.js';
import { tokenUrl } from './token-url.js';

/** The headers of an answer that are used. HTTP allows each of them only once. */
const HEADERS = ['content-type', 'retry-after', 'date', 'age'] as const;

interface TokenCallConfig {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

/** Sends a GET with axios. Resolves for every status. */
export type HttpGet = (
  url: string,
  config: TokenCallConfig,
) => Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: string;
}>;

export interface TokenCall {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly request: TokenRequest;
  readonly apiKey: Secret;
  readonly signal: AbortSignal;
}

/**
 * Makes one call to Nudge's token API. This is the only place where an API key is revealed.
 *
 * @throws the error of `get`. It may hold the key, so the caller must pass it to `failureOfTransport` and nowhere else.
 */
export async function sendTokenCall(
  get: HttpGet,
  { baseUrl, request, apiKey, signal }: TokenCall,
): Promise<HttpAnswer> {
  const response = await get(tokenUrl(baseUrl, request), {
    headers: { accept: 'application/json', 'user-agent': 'nestjs-nudge-auth', apikey: apiKey.reveal() },
    signal,
  });
  const headers = Object.fromEntries(
    HEADERS.map((name) => {
      const value: unknown = response.headers[name];
      return [name, typeof value === 'string' ? value : undefined];
    }),
  );
  return { status: response.status, headers, body: response.data };
}
