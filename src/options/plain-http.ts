import { isLoopbackHost } from '../common/loopback.js';

/** Whether an attacker in the network could read requests to the URL and change answers: plain http beyond loopback. */
export function isInsecure(urlText: string): boolean {
  const url = URL.canParse(urlText) ? new URL(urlText) : undefined;
  return url?.protocol === 'http:' && !isLoopbackHost(url.hostname);
}
