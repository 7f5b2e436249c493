/** As systems, TLS and Redis write them: nothing that tells a secret or an address looks so. */
const WORD = /^[A-Z]{2,}(?:_[A-Z]+)*$/;
const LONGEST_WORD = 40;

/**
 * Why something outside did not work, in one word for a log: the code of an error (`ECONNREFUSED`), the first word of
 * what Redis answered (`NOAUTH`), or `timeout`. Never a message, which may quote anything.
 */
export function failureReasonOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  const word = code ?? (name === 'ReplyError' ? String(message).split(' ', 1)[0] : undefined);
  if (word === 'ETIMEDOUT' || word === 'timeout') return 'timeout';
  return typeof word === 'string' && word.length <= LONGEST_WORD && WORD.test(word) ? word : undefined;
}
