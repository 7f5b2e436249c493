import { NudgeAuthError } from '../common/errors.js';
import { retryAfterMs } from './retry-after.js';
import { TransientFailure } from './token-source.js';

/** An HTTP answer of the vendor, or of a proxy in between. */
export interface HttpAnswer {
  readonly status: number;
  /** Names are in lower case. Only headers that HTTP allows once are here. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** The JSON object in an answer; `undefined` if the answer holds anything else. */
export function jsonObjectOf(answer: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  const type = answer.headers['content-type'];
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\b/i.test(type)) return undefined;
  try {
    const parsed: unknown = JSON.parse(answer.body);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    // The body is not JSON. The caller reports it and does not quote the body, which may hold a secret.
    return undefined;
  }
}

const ASK_THE_VENDOR =
  'is it the PRIVATE key of this account (not a public one), and has Nudge enabled short-lived tokens for it?';

/** The failure behind a 401, 403 or 407. A 407 always comes from a proxy. */
function refusal(answer: HttpAnswer): NudgeAuthError {
  const isFromVendor = answer.status !== 407 && typeof jsonObjectOf(answer)?.['message'] === 'string';
  return isFromVendor
    ? new NudgeAuthError(
        'NUDGE_CREDENTIALS_REJECTED',
        `Nudge refuses the API key (status ${answer.status}): ${ASK_THE_VENDOR}`,
      )
    : new NudgeAuthError(
        'NUDGE_UNAVAILABLE',
        `Something between here and Nudge (a proxy, a firewall) answered with status ${answer.status} in its place`,
      );
}

/** Why an answer holds no token. The error never quotes the answer, because a body may repeat what was sent. */
function failureOf(answer: HttpAnswer, nowMs: number): NudgeAuthError {
  const { status } = answer;
  const details = { retryAfterMs: retryAfterMs(answer.headers['retry-after'], nowMs) };
  if (status === 401 || status === 403 || status === 407) return refusal(answer);
  if (status === 429) {
    return new NudgeAuthError(
      'NUDGE_RATE_LIMITED',
      'Nudge answered 429: too many calls from this address',
      details,
    );
  }
  if (status >= 500 || status === 408) {
    return new TransientFailure('NUDGE_UNAVAILABLE', `Nudge answered with status ${status}`, {
      ...details,
      isAnswered: true,
    });
  }
  const reason =
    status === 400
      ? 'Nudge refuses the parameters (status 400): check defaultExpiryMins and, in user scope, the extId'
      : status >= 300 && status < 400
        ? `Nudge redirects (status ${status}), which is never followed, because it would send the API key elsewhere: check baseUrl`
        : `Nudge answered with status ${status}, which its documentation does not name: check baseUrl`;
  return new NudgeAuthError('NUDGE_BAD_RESPONSE', reason);
}

/**
 * The token in an answer.
 *
 * @throws {NudgeAuthError} when there is no token. The code and the message say why.
 */
export function parseAnswer(answer: HttpAnswer, nowMs: number): string {
  if (answer.status !== 200) throw failureOf(answer, nowMs);
  const token = jsonObjectOf(answer)?.['token'];
  if (typeof token === 'string') return token;
  throw new NudgeAuthError(
    'NUDGE_BAD_RESPONSE',
    'Nudge answered 200, but not with {"token": "…"} as JSON: check baseUrl and any proxy between here and Nudge',
  );
}
