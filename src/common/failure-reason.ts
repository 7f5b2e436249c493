import { errorCodeOf } from './system-error.js';

/** The form of the error codes of operating systems, TLS and Redis. No secret and no address has this form. */
const WORD = /^[A-Z]{2,}(?:_[A-Z]+)*$/;
const LONGEST_WORD = 40;

function firstWordOfReply(error: unknown): string | undefined {
  const { name, message } = Object(error) as { readonly name?: unknown; readonly message?: unknown };
  return name === 'ReplyError' ? String(message).split(' ', 1)[0] : undefined;
}

/**
 * Why a call to another system failed, in one word for a log: the code of an error (`ECONNREFUSED`), the first word of
 * an error reply of Redis (`NOAUTH`), or `timeout`. Never the message, which may quote a secret.
 */
export function failureReasonOf(error: unknown): string | undefined {
  const word = errorCodeOf(error) ?? firstWordOfReply(error);
  if (word === 'ETIMEDOUT' || word === 'timeout') return 'timeout';
  return typeof word === 'string' && word.length <= LONGEST_WORD && WORD.test(word) ? word : undefined;
}
