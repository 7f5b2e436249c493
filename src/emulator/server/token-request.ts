import { errorAnswer, type Answer } from '../http/answer.js';
import type { RateLimiter } from './rate-limiter.js';
import type { ReceivedRequest } from './received-request.js';
import type { Account } from './account.js';
import type { KnownKey } from './account-directory.js';
import type { TokenGrant } from './token-issuer.js';

export const TOKEN_PATH = '/api/clients/jwt/token';

const SHORTEST_LIFE_MINS = 30;
const LONGEST_LIFE_MINS = 1440;
const LONGEST_EXT_ID = 100;
const PARAMETERS: readonly string[] = ['expiryMins', 'extId'];

/** The vendor's decision: a token of this account for this grant, or a refusal. */
export type TokenDecision =
  { readonly account: Account; readonly grant: TokenGrant } | { readonly refusal: Answer };

/**
 * Decides on a request to the token route as the vendor does. The rate limit counts by address, not by account.
 *
 * Invented, because Nudge does not document it: 405 and 403; the refusal of public keys, of unknown and of repeated
 * parameters, and of a query that servers read differently; `Retry-After` on a 429; the order of the checks; that the
 * length of `extId` is counted in UTF-16 code units; and the text of every message.
 *
 * @see https://docs.nudgenow.com/apis/get-jwt-token
 */
export function decide(
  request: ReceivedRequest,
  known: KnownKey | undefined,
  limiter: RateLimiter,
): TokenDecision {
  if (request.method !== 'GET') {
    return refuse(405, `${request.method} is not allowed here. GET only (emulator: invented)`, {
      Allow: 'GET',
    });
  }
  const retryAfterS = limiter.admit(request.address);
  if (retryAfterS !== undefined) {
    return refuse(429, 'Too many requests', { 'Retry-After': String(retryAfterS) });
  }
  if (request.apiKey === undefined)
    return refuse(401, 'Missing API key: send the private key in the header "apikey"');
  if (known === undefined) return refuse(401, 'Invalid API key');
  if (known.isPublic) {
    return refuse(
      401,
      'Invalid API key: this is a public key, the private key is needed (emulator: invented)',
    );
  }
  if (!known.account.enabled) {
    return refuse(403, 'Short-lived tokens are not enabled for this account (emulator: invented)');
  }
  return decideOnQuery(request, known.account);
}

function decideOnQuery({ query, rawQuery }: ReceivedRequest, account: Account): TokenDecision {
  // Some servers read "+" as a space, and some as a plus: the token could belong to the wrong user.
  if (rawQuery.includes('+')) {
    return refuse(400, 'Send a space as %20 and a plus as %2B, never as "+" (emulator: invented)');
  }
  if (!isWellEncoded(rawQuery)) {
    return refuse(400, 'The query is not percent-encoded UTF-8 (emulator: invented)');
  }
  const unknown = [...query.keys()].some((name) => !PARAMETERS.includes(name));
  if (unknown) return refuse(400, 'Only expiryMins and extId may be sent (emulator: invented)');
  const repeated = PARAMETERS.find((name) => query.getAll(name).length > 1);
  if (repeated !== undefined) return refuse(400, `${repeated} was sent more than once (emulator: invented)`);

  const expiryMins = query.get('expiryMins');
  if (expiryMins === null) return refuse(400, 'expiryMins is required');
  const mins = /^[1-9]\d{0,5}$/.test(expiryMins) ? Number(expiryMins) : Number.NaN;
  if (!(mins >= SHORTEST_LIFE_MINS && mins <= LONGEST_LIFE_MINS)) {
    return refuse(400, `expiryMins must be an integer from ${SHORTEST_LIFE_MINS} to ${LONGEST_LIFE_MINS}`);
  }
  const extId = query.get('extId') ?? undefined;
  if (extId !== undefined && (extId.length === 0 || extId.length > LONGEST_EXT_ID)) {
    return refuse(400, `extId must have 1 to ${LONGEST_EXT_ID} characters`);
  }
  return { account, grant: { expiryMins: mins, extId } };
}

function isWellEncoded(rawQuery: string): boolean {
  try {
    decodeURIComponent(rawQuery);
    return true;
  } catch {
    // A percent sign without two digits, or bytes that are not UTF-8.
    return false;
  }
}

function refuse(status: number, message: string, headers?: Record<string, string>): TokenDecision {
  return { refusal: errorAnswer(status, message, headers) };
}
