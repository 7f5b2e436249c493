import { checkedBy } from './option-rules.js';

const MUST =
  'must be an absolute URL such as https://main-api.nudgenow.com/api (environment: NUDGE_BASE_URL)';

/** What is wrong with a base URL; `undefined` when nothing is. Whether plain http is allowed is for other rules. */
export function baseUrlProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value) || /\s/.test(value)) return MUST;
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return MUST;
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user name or password: the API key is the only credential';
  }
  // Not `search` and `hash`: both are empty behind a mere "?", which would still swallow the path.
  if (/[?#]/.test(value)) return 'must not hold a query or a fragment';
  if (/\/clients\/jwt\/token\/?$/.test(url.pathname)) {
    return 'must end before /clients/jwt/token, which is added to it';
  }
  return undefined;
}

/** @internal */
export const baseUrl = checkedBy<string>(baseUrlProblem);
