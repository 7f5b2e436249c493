import type { Secret } from '../common/secret.js';
import type { HttpAnswer } from './answer.js';
import type { TokenRequest } from './token-source.js';
import { tokenUrl } from './token-url.js';

/** The headers of an answer that mean something here. HTTP allows each of them once. */
const HEADERS = ['content-type', 'retry-after', 'date', 'age'] as const;

interface TokenCallConfig {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

/** A GET by axios, which resolves whatever the status. */
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
 * Asks Nudge for a token, once. The only place where an API key is revealed.
 *
 * @throws what `get` throws: it may hold the key, and goes no further than `failureOfTransport`.
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
