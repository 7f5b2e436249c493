import { firstValueFrom } from 'rxjs';
import type { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/durations.js';
import { failureReasonOf } from '../common/error-kind.js';
import type { NudgeConnectionOptions } from '../options/connection.options.js';
import type { UserKeysFailure } from '../telemetry/events.js';
import { createHttpService } from '../vendor/http-client.js';

const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

/** No issuer publishes so many keys at once. */
const MAX_JWKS_BYTES = 256 * 1024;

/** The answer of an issuer, good or bad. */
export interface JwksAnswer {
  readonly status: number;
  readonly body: string;
}

/** Calls an issuer once. Follows no redirect, limits the size of the answer, and stops when the signal is aborted. */
export type FetchJwks = (signal: AbortSignal) => Promise<JwksAnswer>;

/** Makes a function that calls the issuer at `jwksUri` with the HTTP client that also calls Nudge. */
export function createFetchJwks(jwksUri: string, connection: NudgeConnectionOptions): FetchJwks {
  const http = createHttpService({ url: jwksUri, ...connection, maxAnswerBytes: MAX_JWKS_BYTES });
  return async (signal) => {
    const { status, data } = await firstValueFrom(
      http.get<string>(jwksUri, {
        headers: { accept: 'application/json', 'user-agent': 'nestjs-nudge-auth' },
        signal,
      }),
    );
    return { status, body: data };
  };
}

/** The issuer's keys could not be fetched. The error quotes nothing of the issuer's answer. */
export class JwksError extends Error {
  override readonly name = 'JwksError';
  readonly reason: UserKeysFailure;
  /** The HTTP status or the system's error code, if it is known. */
  readonly detail: string | undefined;

  constructor(reason: UserKeysFailure, detail?: string) {
    super(detail === undefined ? reason : `${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

/**
 * The `keys` of the JWK set in an answer.
 *
 * @throws {JwksError} when the answer is not a JWK set.
 * @see RFC 7517 §5
 */
export function keyListOf({ status, body }: JwksAnswer): readonly unknown[] {
  if (status >= 300 && status < 400) throw new JwksError('redirect', String(status));
  if (status < 200 || status >= 400) throw new JwksError('status', String(status));
  let parsed: unknown;
  try {
    // Some issuers write a byte order mark, which JSON does not have.
    parsed = JSON.parse(body.replace(/^\uFEFF/, ''));
  } catch {
    // The error is dropped because it may quote the answer.
  }
  const keys: unknown = Reflect.get(Object(parsed), 'keys');
  if (!Array.isArray(keys)) throw new JwksError('no-jwks');
  return keys;
}

function transportError(error: unknown, hasTimedOut: boolean): JwksError {
  if (error instanceof JwksError) return error;
  if (hasTimedOut) return new JwksError('timeout');
  if (error instanceof Error && error.message.includes('maxContentLength')) return new JwksError('too-large');
  return new JwksError('unreachable', failureReasonOf(error));
}

/**
 * Makes one attempt to fetch the list of keys that an issuer publishes.
 *
 * @throws {JwksError} for every failure.
 */
export async function fetchKeyList(fetchJwks: FetchJwks, clock: Clock): Promise<readonly unknown[]> {
  const abort = new AbortController();
  const cancelTimeout = clock.schedule(FETCH_TIMEOUT_MS, () => abort.abort());
  try {
    return keyListOf(await fetchJwks(abort.signal));
  } catch (error) {
    throw transportError(error, abort.signal.aborted);
  } finally {
    cancelTimeout();
  }
}
