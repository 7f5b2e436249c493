/** No key is so long. A longer text is probably a file or an HTTP answer that was read by mistake. */
export const MAX_API_KEY_LENGTH = 4_096;

/** What is wrong with an API key; `undefined` if nothing is. The text never quotes the key. */
export function apiKeyProblem(key: unknown): string | undefined {
  if (typeof key !== 'string') return 'must be a string';
  // This rule comes first, so that the others never search a very long text.
  if (key.length > MAX_API_KEY_LENGTH) {
    return `is longer than ${MAX_API_KEY_LENGTH} characters, as no key is: give the key and nothing else`;
  }
  if (key.trim() === '') return 'is empty';
  if (/^["'`]|["'`]$/.test(key.trim())) return 'has quotes around it: remove them';
  if (key.startsWith('\uFEFF')) return 'begins with a byte order mark: save it without one';
  if (/\s/.test(key)) return 'contains white space or a line break: remove it';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'contains characters that cannot stand in an HTTP header';
  return undefined;
}
