import type { IncomingMessage } from 'node:http';
import { isLoopbackHost } from '../../common/loopback.js';
import { errorAnswer, type Answer } from '../answer.js';
import type { AdminAccess } from './emulator-options.js';

/** Why a request may not use the admin routes; `undefined` where it may. */
export function adminRefusal(access: AdminAccess, message: IncomingMessage): Answer | undefined {
  if (access === false) return errorAnswer(404, 'Not found');
  if (access === 'any-address') return undefined;
  if (!isLoopbackHost(message.socket.remoteAddress ?? '')) {
    return errorAnswer(403, 'The admin routes are open to this machine only');
  }
  // A page whose own name was made to resolve to this machine still sends that name.
  if (!isLoopbackUrl(`http://${message.headers.host ?? ''}`)) {
    return errorAnswer(
      403,
      'The admin routes must be called by a loopback name: localhost, 127.0.0.1 or [::1]',
    );
  }
  // Some methods reach a server across origins without asking it first.
  const { origin } = message.headers;
  if (origin !== undefined && !isLoopbackUrl(origin)) {
    return errorAnswer(403, 'The admin routes are closed to pages of other origins');
  }
  return undefined;
}

function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname);
}
