/** The known parts of Nudge's answers. The doctor asks the user to report an answer that differs. */
const KNOWN_STATUSES: readonly number[] = [200, 400, 401, 403, 407, 408, 429];
export const KNOWN_FIELDS: readonly string[] = ['token'];
export const KNOWN_CLAIMS: readonly string[] = ['iat', 'exp'];
export const KNOWN_HEADER_FIELDS: readonly string[] = ['alg', 'kid', 'typ'];
export const KNOWN_ALGORITHMS: readonly string[] = ['EdDSA', 'HS256'];

/** A redirect, a 404 and a 5xx count as known: wrong addresses and gateways cause them. */
export function knownStatus(status: number): boolean {
  return (
    KNOWN_STATUSES.includes(status) || status === 404 || status >= 500 || (status >= 300 && status < 400)
  );
}
