import type { NudgeAuthEventOf, UserKeysFailure } from './events.js';

/** The cause of each failure, and what to do about it. */
const CAUSES: Readonly<Record<UserKeysFailure, readonly [what: string, cure: string]>> = {
  unreachable: ['it cannot be reached', 'check the host in userJwt.jwksUri, DNS, the firewall and the proxy'],
  timeout: ['it does not answer in time', 'check the firewall, the proxy and the issuer'],
  redirect: [
    'it answers with a redirect, which is not followed',
    'set userJwt.jwksUri to the address that it leads to',
  ],
  status: [
    'it answers with an error',
    "check the path in userJwt.jwksUri: the jwks_uri in the issuer's /.well-known/openid-configuration",
  ],
  'no-jwks': [
    'its answer is no JWK set',
    "check the path in userJwt.jwksUri: the jwks_uri in the issuer's /.well-known/openid-configuration",
  ],
  'too-large': ['its answer is larger than any JWK set', 'check the path in userJwt.jwksUri'],
  'no-usable-key': [
    'it publishes no key that can verify these users',
    "compare userJwt.algorithms with the keys' kty, alg and use; RSA keys need 2048 bits",
  ],
};

/** The log line for a `jwksUri` from which the module gets no keys. */
export function userKeysLost({ reason, detail, url }: NudgeAuthEventOf<'user-keys-lost'>): string {
  const [what, cure] = CAUSES[reason];
  const inBrackets = detail === undefined ? '' : ` (${detail})`;
  return (
    `The keys that verify users' JWTs cannot be fetched from ${url}: ${what}${inBrackets}. To mend it, ${cure}. ` +
    'Keys that were fetched serve for an hour unless they were withdrawn; without a key users get 503 USER_KEYS_UNAVAILABLE.'
  );
}
