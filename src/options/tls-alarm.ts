import type { NudgeAuthOptions } from './nudge-auth.options.js';

/** The error lines at boot if the whole process trusts any certificate. */
export function alarmsAbout({ http, userJwt }: NudgeAuthOptions): string[] {
  if (process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return [];
  const agents = [
    ...(http?.httpsAgent === undefined ? [] : ['http.httpsAgent']),
    ...(userJwt?.http?.httpsAgent === undefined ? [] : ['userJwt.http.httpsAgent']),
  ];
  const scope =
    agents.length === 0
      ? 'This module verifies certificates all the same'
      : `It holds for ${agents.join(' and ')} too, unless that agent has rejectUnauthorized: true`;
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: the process takes any certificate, and with it any impostor. ' +
      `${scope}. Remove the variable; name a private certificate authority by NODE_EXTRA_CA_CERTS, or in http.httpsAgent`,
  ];
}
