import * as v from 'valibot';
import { SECOND_MS } from '../../common/durations.js';
import { oneOf, text, wholeNumberFrom } from '../fields.js';
import { errorAnswer, HTML_TYPE, textAnswer, type Answer } from '../http/answer.js';
import { headerValue, nonEmptyHeaderValue, signedSeconds } from './fault-fields.js';
import { faultSchema, type FaultKind, type FaultOf, type FaultScope } from './fault-kind.js';

/**
 * A `Retry-After` header. At most one of `retryAfterS` and `retryAfterText` may be given.
 *
 * @publicApi
 */
export interface RetryAfter {
  /** Seconds, an integer. A negative number is sent unchanged, or as a date in the past. */
  readonly retryAfterS?: number;
  /** The form of `retryAfterS`: a number (the default), or an HTTP date by the emulator's clock. */
  readonly retryAfterForm?: 'seconds' | 'http-date';
  /** The exact value of the header; it may be nonsense. */
  readonly retryAfterText?: string;
}

/**
 * Any status, with a body of `{"message"}`. The emulator checks neither the key nor the parameters.
 *
 * @publicApi
 */
export interface StatusFault extends FaultScope, RetryAfter {
  readonly kind: 'status';
  /** 200 to 599. */
  readonly status: number;
  /** Default: a text that names the status. */
  readonly message?: string;
}

/**
 * 429, as the vendor answers beyond its rate limit.
 *
 * @publicApi
 */
export interface RateLimitFault extends FaultScope, RetryAfter {
  readonly kind: 'rate-limit';
}

/**
 * A redirect, by default to a route of the emulator that records whether the client sent the key there.
 *
 * @publicApi
 */
export interface RedirectFault extends FaultScope {
  readonly kind: 'redirect';
  /** Default 302. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
  /** Default: the emulator's own `/redirect-target`. */
  readonly location?: string;
}

/**
 * A refusal with an HTML page, as a firewall in front of the vendor would send it.
 *
 * @publicApi
 */
export interface FirewallFault extends FaultScope {
  readonly kind: 'firewall';
  /** 400 to 599, default 403. */
  readonly status?: number;
}

/**
 * A fault that replaces the vendor's normal answer.
 *
 * @publicApi
 */
export type AnswerFault = StatusFault | RateLimitFault | RedirectFault | FirewallFault;

interface AnswerFaultKind<Fault> extends FaultKind<Fault> {
  answer(fault: Fault, vendorNowMs: number): Answer;
}

/** The default target of a redirect. The emulator counts the keys that arrive there. */
export const REDIRECT_TARGET_PATH = '/redirect-target';

const DEFAULT_RETRY_AFTER_S = 60;
const FIREWALL_PAGE = [
  '<!DOCTYPE html>',
  '<html><head><title>Request blocked</title></head>',
  '<body><h1>Request blocked</h1><p>This request was refused by a firewall.</p></body></html>',
].join('\n');

const RETRY_AFTER = {
  retryAfterS: v.optional(signedSeconds),
  retryAfterForm: v.optional(oneOf('seconds', 'http-date')),
  retryAfterText: v.optional(headerValue),
};

/** Adds the rule that a fault has at most one of `retryAfterS` and `retryAfterText`. */
function withOneRetryAfter<Fault extends RetryAfter>(schema: v.GenericSchema<Fault>) {
  return v.pipe(
    schema,
    v.check(
      ({ retryAfterS, retryAfterText }) => retryAfterS === undefined || retryAfterText === undefined,
      'give either retryAfterText or retryAfterS, not both',
    ),
  );
}

export const ANSWER_FAULTS: {
  readonly [Kind in AnswerFault['kind']]: AnswerFaultKind<FaultOf<AnswerFault, Kind>>;
} = {
  status: {
    schema: withOneRetryAfter(
      faultSchema('status', {
        status: wholeNumberFrom(200, 599),
        message: v.optional(text),
        ...RETRY_AFTER,
      }),
    ),
    example: { kind: 'status', status: 503, retryAfterS: 5 },
    effect: 'any status from 200 to 599 with `{"message"}`; `message` sets the text',
    answer: (fault, vendorNowMs) =>
      errorAnswer(
        fault.status,
        fault.message ?? `Emulated fault: status ${fault.status}`,
        retryAfterHeaders(fault, vendorNowMs),
      ),
  },
  'rate-limit': {
    schema: withOneRetryAfter(faultSchema('rate-limit', RETRY_AFTER)),
    example: { kind: 'rate-limit', retryAfterS: 30 },
    effect: '429 with `Retry-After`, 60 seconds by default',
    answer: (fault, vendorNowMs) => {
      const retryAfterS = fault.retryAfterS ?? DEFAULT_RETRY_AFTER_S;
      return errorAnswer(429, 'Too many requests', retryAfterHeaders({ ...fault, retryAfterS }, vendorNowMs));
    },
  },
  redirect: {
    schema: faultSchema('redirect', {
      status: v.optional(oneOf(301, 302, 303, 307, 308)),
      location: v.optional(nonEmptyHeaderValue),
    }),
    example: { kind: 'redirect' },
    effect:
      '302 to `/redirect-target` of the emulator, which counts keys that arrive there; `status` and `location` change it',
    answer: ({ status = 302, location = REDIRECT_TARGET_PATH }) =>
      errorAnswer(status, 'Emulated fault: redirect', { Location: location }),
  },
  firewall: {
    schema: faultSchema('firewall', { status: v.optional(wholeNumberFrom(400, 599)) }),
    example: { kind: 'firewall' },
    effect: '403 with an HTML page; `status` changes it',
    answer: ({ status = 403 }) => textAnswer(status, HTML_TYPE, FIREWALL_PAGE),
  },
};

/** The answer that a fault gives instead of the vendor's normal answer. */
export function answerOf(fault: AnswerFault, vendorNowMs: number): Answer {
  const kind: AnswerFaultKind<AnswerFault> = ANSWER_FAULTS[fault.kind];
  return kind.answer(fault, vendorNowMs);
}

function retryAfterHeaders(fault: RetryAfter, vendorNowMs: number): Record<string, string> {
  const { retryAfterS, retryAfterForm, retryAfterText } = fault;
  if (retryAfterText !== undefined) return { 'Retry-After': retryAfterText };
  if (retryAfterS === undefined) return {};
  if (retryAfterForm !== 'http-date') return { 'Retry-After': String(retryAfterS) };
  return { 'Retry-After': new Date(vendorNowMs + retryAfterS * SECOND_MS).toUTCString() };
}
