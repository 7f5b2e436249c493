import { checkedBy } from './option-rules.js';

const MUST =
  'must be an absolute URL such as https://main-api.nudgenow.com/api (environment: NUDGE_BASE_URL)';

/** What is wrong with a base URL; `undefined` if it is good. Other rules decide whether plain http is allowed. */
export function baseUrlProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value) || /\s/.test(value)) return MUST;
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return MUST;
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user name or password: the API key is the only credential';
  }
  // `search` and `hash` are empty after a single "?", but the "?" would still turn the added path into a query.
  if (/[?#]/.test(value)) return 'must not hold a query or a fragment';
  if (/\/clients\/jwt\/token\/?$/.test(url.pathname)) {
    return 'must end before /clients/jwt/token, which is added to it';
  }
  return undefined;
}

/** @internal */
export const baseUrl = checkedBy<string>(baseUrlProblem);
