import { NudgeAuthError } from '../common/errors.js';
import { errorCodeOf } from '../common/system-error.js';
import { TransientFailure } from './token-source.js';

/** An answer over the size limit is the answer's fault; every other transport error is the network's. */
const TOO_LARGE = /maxContentLength/;

function codeOf(error: unknown): string | undefined {
  const code = errorCodeOf(error);
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : undefined;
}

/**
 * Why no answer came. The error that axios throws stays behind: it holds the request with the API key in its headers,
 * and the response. Only its code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, …) goes on.
 *
 * @param timedOutAfterMs milliseconds after which the attempt was given up; `undefined` when it ended by itself.
 */
export function failureOfTransport(error: unknown, timedOutAfterMs: number | undefined): NudgeAuthError {
  // Claims of a token that arrived are read in the same breath; what they complain of is said already.
  if (error instanceof NudgeAuthError) return error;
  if (timedOutAfterMs !== undefined) {
    const message = `Nudge did not answer within ${Math.round(timedOutAfterMs)} ms`;
    return new TransientFailure('NUDGE_TIMEOUT', message, { isAnswered: false });
  }
  if (error instanceof Error && TOO_LARGE.test(error.message)) {
    return new NudgeAuthError(
      'NUDGE_BAD_RESPONSE',
      'Nudge answered with more than 64 KiB, which no token answer is',
    );
  }
  const code = codeOf(error);
  const message = `Nudge cannot be reached (${code ?? 'no further reason given'})`;
  const cause = new Error(code ?? 'the connection failed');
  return new TransientFailure('NUDGE_UNAVAILABLE', message, { cause, isAnswered: false });
}
