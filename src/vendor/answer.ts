import { NudgeAuthError } from '../common/errors.js';
import { retryAfterMs } from './retry-after.js';
import { TransientFailure } from './token-source.js';

/** An answer as it came over the wire. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; those that HTTP allows once only. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** The JSON object that an answer holds; `undefined` where it holds anything else. */
export function jsonObjectOf(answer: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  const type = answer.headers['content-type'];
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\b/i.test(type)) return undefined;
  try {
    const parsed: unknown = JSON.parse(answer.body);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    // Not JSON: the caller says so, without quoting a body that may hold anything.
    return undefined;
  }
}

const ASK_THE_VENDOR =
  'is it the PRIVATE key of this account (not a public one), and has Nudge enabled short-lived tokens for it?';

/** 407 is a proxy's own word, whatever its body looks like. */
function refusal(answer: HttpAnswer): NudgeAuthError {
  const isTheVendors = answer.status !== 407 && typeof jsonObjectOf(answer)?.['message'] === 'string';
  return isTheVendors
    ? new NudgeAuthError(
        'NUDGE_CREDENTIALS_REJECTED',
        `Nudge refuses the API key (status ${answer.status}): ${ASK_THE_VENDOR}`,
      )
    : new NudgeAuthError(
        'NUDGE_UNAVAILABLE',
        `Something between here and Nudge (a proxy, a firewall) answered with status ${answer.status} in its place`,
      );
}

/** Why an answer holds no token. Never quotes the answer: a body may echo what was sent. */
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
        ? `Nudge redirects (status ${status}), which is never followed because the API key would travel along: check baseUrl`
        : `Nudge answered with status ${status}, which is not documented: check baseUrl`;
  return new NudgeAuthError('NUDGE_BAD_RESPONSE', reason);
}

/**
 * The token in an answer.
 *
 * @throws {NudgeAuthError} that says why there is none.
 */
export function parseAnswer(answer: HttpAnswer, nowMs: number): string {
  if (answer.status !== 200) throw failureOf(answer, nowMs);
  const token = jsonObjectOf(answer)?.['token'];
  if (typeof token === 'string') return token;
  throw new NudgeAuthError(
    'NUDGE_BAD_RESPONSE',
    'Nudge answered 200, but not with {"token": "…"} as JSON: check baseUrl, or what stands between here and Nudge',
  );
}
