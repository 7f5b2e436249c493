import { SECOND_MS } from '../common/durations.js';

const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

/** More keys than any issuer publishes at once. */
const MAX_JWKS_CHARACTERS = 256 * 1024;

/**
 * The list that an issuer publishes. The client's own fetch waits for ever on an answer that breaks off, and reads one of
 * any size.
 *
 * @throws when it is none; never a `JwksError`, by which the client says that no key in it is of use.
 * @see RFC 7517 §5
 */
export async function fetchJwks(uri: string): Promise<{ keys: object[] }> {
  const response = await fetch(uri, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_JWKS_CHARACTERS) throw new Error('the answer is too large');
  }
  if (!response.ok) throw new Error(`the answer has the status ${response.status}`);
  const keys: unknown = Reflect.get(Object(JSON.parse(text)), 'keys');
  if (!Array.isArray(keys)) throw new Error('the answer is no list of keys');
  return { keys: keys.filter((key) => typeof key === 'object' && key !== null) };
}
