import { NudgeAuthError } from '../common/errors.js';
import type { AnswerFailure } from './answer.js';

/** An answer over the size limit is the answer's fault; every other transport error is the network's. */
const TOO_LARGE = /maxContentLength/;

function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : undefined;
}

/**
 * Why no answer came. The error that axios throws stays behind: it holds the request with the API key in its headers,
 * and the response. Only its code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, …) goes on.
 *
 * @param timedOutAfterMs milliseconds after which the attempt was given up; `undefined` when it ended by itself.
 */
export function failureOfTransport(error: unknown, timedOutAfterMs: number | undefined): AnswerFailure {
  // Claims of a token that arrived are read in the same breath; what they complain of is said already.
  if (error instanceof NudgeAuthError) return { error, isTransient: false };
  if (timedOutAfterMs !== undefined) {
    const late = new NudgeAuthError(
      'NUDGE_TIMEOUT',
      `Nudge did not answer within ${Math.round(timedOutAfterMs)} ms`,
    );
    return { error: late, isTransient: true, isUnanswered: true };
  }
  if (error instanceof Error && TOO_LARGE.test(error.message)) {
    return {
      error: new NudgeAuthError(
        'NUDGE_BAD_RESPONSE',
        'Nudge answered with more than 64 KiB, which no token answer is',
      ),
      isTransient: false,
    };
  }
  const code = codeOf(error);
  const cause = new Error(code ?? 'the connection failed');
  return {
    error: new NudgeAuthError(
      'NUDGE_UNAVAILABLE',
      `Nudge cannot be reached (${code ?? 'no further reason given'})`,
      {
        cause,
      },
    ),
    isTransient: true,
    isUnanswered: true,
  };
}
