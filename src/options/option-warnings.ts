import type { ApiKeyOption } from './api-key-rule.js';
import type { NudgeAuthOptions } from './nudge-auth.options.js';
import { isInsecure } from './plain-http.js';
import type { UserJwtOptions } from './user-jwt.options.js';

/** The vendor documents no format of keys, so a key that looks wrong only brings a warning. */
function suspicionAbout(path: string, key: ApiKeyOption | undefined): string[] {
  if (typeof key !== 'string') return [];
  if (/^(your|my|the)\W|change.?me|xxx|placeholder|<[^<]*>|example/i.test(key)) {
    return [`${path} looks like a placeholder: is it really the private key from the Nudge dashboard?`];
  }
  if (/public/i.test(key)) {
    return [`${path} looks like a PUBLIC key: the token API takes the private one only`];
  }
  if (key.length < 16) {
    return [
      `${path} is only ${key.length} characters long: is it really the private key from the Nudge dashboard?`,
    ];
  }
  return [];
}

/** Warnings about values that are allowed but probably a mistake. */
export function warningsAbout(options: NudgeAuthOptions): string[] {
  const warnings = [
    ...suspicionAbout('apiKey', options.apiKey),
    ...suspicionAbout('fallbackApiKey', options.fallbackApiKey),
  ];
  if (typeof options.fallbackApiKey === 'string' && options.fallbackApiKey === options.apiKey) {
    warnings.push(
      'fallbackApiKey is the same as apiKey, so Nudge refuses both at once: set another key, or leave it out',
    );
  }
  if (options.tenants?.baseUrls?.some(isInsecure) === true) {
    warnings.push(
      'tenants.baseUrls has a plain http URL: API keys cross the network in clear (allowInsecureBaseUrl is set)',
    );
  }
  if (options.userJwt !== undefined) warnings.push(...userJwtWarnings(options.userJwt));
  if (options.baseUrl !== undefined && isInsecure(options.baseUrl)) {
    warnings.push(
      'baseUrl is plain http: the API key crosses the network in clear (allowInsecureBaseUrl is set)',
    );
  }
  if (options.userJwt?.jwksUri !== undefined && isInsecure(options.userJwt.jwksUri)) {
    warnings.push(
      "userJwt.jwksUri is plain http: an attacker in the network can replace the keys that verify your users' JWTs " +
        '(allowInsecureJwksUri is set)',
    );
  }
  return warnings;
}

/** Warnings about values in `userJwt` that are allowed but probably a mistake. */
function userJwtWarnings({ allowWeakSecret, jwksUri, issuer, audience }: UserJwtOptions): string[] {
  const warnings: string[] = [];
  if (allowWeakSecret === true) {
    warnings.push(
      'userJwt.allowWeakSecret is set: an attacker who has one JWT could guess a short secret and sign in as any user. Set it in tests only',
    );
  }
  if (jwksUri !== undefined && issuer === undefined && audience === undefined) {
    warnings.push(
      'userJwt.jwksUri is given without issuer and audience: every JWT that its keys have signed passes, ' +
        'also one for another application. Set userJwt.issuer and userJwt.audience',
    );
  }
  return warnings;
}
