import { errorCodeOf } from './system-error.js';

/** As systems, TLS and Redis write them: nothing that tells a secret or an address looks so. */
const WORD = /^[A-Z]{2,}(?:_[A-Z]+)*$/;
const LONGEST_WORD = 40;

function firstWordOfReply(error: unknown): string | undefined {
  const { name, message } = Object(error) as { readonly name?: unknown; readonly message?: unknown };
  return name === 'ReplyError' ? String(message).split(' ', 1)[0] : undefined;
}

/**
 * Why something outside did not work, in one word for a log: the code of an error (`ECONNREFUSED`), the first word of
 * what Redis answered (`NOAUTH`), or `timeout`. Never a message, which may quote anything.
 */
export function failureReasonOf(error: unknown): string | undefined {
  const word = errorCodeOf(error) ?? firstWordOfReply(error);
  if (word === 'ETIMEDOUT' || word === 'timeout') return 'timeout';
  return typeof word === 'string' && word.length <= LONGEST_WORD && WORD.test(word) ? word : undefined;
}
