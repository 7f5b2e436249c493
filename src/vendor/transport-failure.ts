import { NudgeAuthError } from '../common/errors.js';
import { errorCodeOf } from '../common/error-kind.js';
import { TransientFailure } from './token-source.js';

/** How the error of axios for an answer over the size limit reads. Every other transport error concerns the network. */
const TOO_LARGE = /maxContentLength/;

function codeOf(error: unknown): string | undefined {
  const code = errorCodeOf(error);
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : undefined;
}

/**
 * Why no answer came. The error of axios goes no further, because it holds the response and the request with the API
 * key in its headers. Only its code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, …) is kept.
 *
 * @param timedOutAfterMs milliseconds after which the attempt was given up; `undefined` if it ended by itself.
 */
export function failureOfTransport(error: unknown, timedOutAfterMs: number | undefined): NudgeAuthError {
  // The caller also parses the answer and the claims. Their errors are ready to be thrown.
  if (error instanceof NudgeAuthError) return error;
  if (timedOutAfterMs !== undefined) {
    const message = `Nudge did not answer within ${Math.round(timedOutAfterMs)} ms`;
    return new TransientFailure('NUDGE_TIMEOUT', message, { isAnswered: false });
  }
  if (error instanceof Error && TOO_LARGE.test(error.message)) {
    return new NudgeAuthError(
      'NUDGE_BAD_RESPONSE',
      'Nudge answered with more than 64 KiB, and no answer with a token is so large',
    );
  }
  const code = codeOf(error);
  const message = `Nudge cannot be reached (${code ?? 'no further reason given'})`;
  const cause = new Error(code ?? 'the connection failed');
  return new TransientFailure('NUDGE_UNAVAILABLE', message, { cause, isAnswered: false });
}
