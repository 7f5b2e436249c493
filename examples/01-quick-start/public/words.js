/** What the emulator does now, by the fault's name in the demo's routes. */
const FAULTS = {
  down: 'Nudge is down',
  slow: 'Nudge is slow',
  silent: 'Nudge does not answer',
  'wrong-key': 'Nudge refuses the API key',
  'rate-limited': 'Nudge limits calls',
  'expired-tokens': 'Nudge sends expired tokens',
  nonsense: 'Nudge answers nonsense',
};

/** Why there is no token, by the codes of the endpoint and the types of the client's events. */
const FAILURES = {
  NUDGE_UNAVAILABLE: 'The backend cannot reach Nudge.',
  NUDGE_TIMEOUT: 'Nudge does not answer in time.',
  NUDGE_RATE_LIMITED: 'Nudge limits the calls of the backend.',
  NUDGE_CREDENTIALS_REJECTED: 'Nudge refuses the backend’s API key.',
  NUDGE_BAD_RESPONSE: 'Nudge answers without a usable token.',
  network: 'The backend cannot be reached.',
  timeout: 'The backend took too long.',
  headers: 'The app’s sign-in cannot be renewed.',
  malformed: 'The backend answers without a token.',
};

/**
 * The current state as text.
 *
 * @returns {{ tone: 'idle' | 'busy' | 'good' | 'held' | 'bad', headline: string, detail: string }}
 */
export function describe({ name, isWithdrawn, hasToken, isAsking, fault, failure }) {
  if (!name) {
    return {
      tone: 'idle',
      headline: 'No user is signed in',
      detail: 'The page asks for a token after the sign-in.',
    };
  }
  if (hasToken && fault in FAULTS) {
    return {
      tone: 'held',
      headline: `${FAULTS[fault]}, and ${name} does not notice`,
      detail: 'The token on this page is still good, and the backend hands out the one it holds.',
    };
  }
  if (hasToken) {
    return { tone: 'good', headline: `${name} has a token`, detail: 'Nudge can be used until it expires.' };
  }
  if (isWithdrawn && failure === '401') {
    return {
      tone: 'bad',
      headline: `${name}’s sign-in is no longer accepted`,
      detail: 'The backend gives tokens to signed-in users only. Sign in again to go on.',
    };
  }
  if (failure) {
    return {
      tone: 'bad',
      headline: 'No token at the moment',
      detail: `${FAILURES[failure] ?? `The backend answers ${failure}.`} The app goes on without Nudge.`,
    };
  }
  if (isAsking) {
    const detail = 'The backend asks Nudge, unless it holds a token.';
    return { tone: 'busy', headline: `Getting a token for ${name}`, detail };
  }
  return { tone: 'busy', headline: `${name} is signed in`, detail: 'There is no token yet.' };
}
