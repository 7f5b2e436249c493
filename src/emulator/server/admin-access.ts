import type { IncomingMessage } from 'node:http';
import { isLoopbackHost } from '../../common/loopback.js';
import { errorAnswer, type Answer } from '../http/answer.js';
import type { ResolvedEmulatorOptions } from './emulator-options.js';

/** The option that says who may use the admin routes, and the host that the emulator listens on. */
export type AdminRules = Pick<ResolvedEmulatorOptions, 'admin' | 'host'>;

/** The values of `Sec-Fetch-Site` in a request that comes from no page of another origin. */
const OWN_FETCH_SITES: readonly unknown[] = [undefined, 'same-origin', 'none'];

/** The answer to a request that may not use the admin routes; `undefined` if it may. */
export function adminRefusal({ admin, host }: AdminRules, message: IncomingMessage): Answer | undefined {
  if (admin === false) return errorAnswer(404, 'Not found');
  const calledName = hostnameOf(`http://${message.headers.host ?? ''}`);
  if (admin === 'loopback') {
    if (!isFromThisMachine(message)) {
      return errorAnswer(403, 'The admin routes are open to this machine only');
    }
    // DNS rebinding: an attacker's name may resolve to this machine, but the page's request still holds that name.
    if (calledName === undefined || !(isLoopbackHost(calledName) || calledName === asHostname(host))) {
      const names = 'localhost, 127.0.0.1, [::1], or the host that the emulator listens on';
      return errorAnswer(403, `The admin routes must be called by one of these names: ${names}`);
    }
  }
  if (isFromForeignPage(message)) {
    return errorAnswer(403, 'The admin routes are closed to pages of other origins');
  }
  return undefined;
}

/** Whether the call comes from this machine. A machine that calls one of its addresses calls from the same address. */
function isFromThisMachine({ socket }: IncomingMessage): boolean {
  const { remoteAddress = '', localAddress } = socket;
  return isLoopbackHost(remoteAddress) || (remoteAddress !== '' && remoteAddress === localAddress);
}

/**
 * Whether a browser made the request for a page that the emulator did not serve. Browsers send some requests to other
 * origins without a preflight: GET, and POST of plain text or of a form.
 */
function isFromForeignPage({ headers }: IncomingMessage): boolean {
  if (!OWN_FETCH_SITES.includes(headers['sec-fetch-site'])) return true;
  const { origin, host = '' } = headers;
  // A browser that does not send Sec-Fetch-Site still names the page's origin in a request that may change something.
  return origin !== undefined && originOf(origin) !== originOf(`http://${host}`);
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** A configured host in the form of `URL.hostname`. */
function asHostname(host: string): string | undefined {
  return hostnameOf(`http://${host.includes(':') ? `[${host}]` : host}`);
}
