import { isLoopbackHost } from '../common/loopback.js';

/** Whether requests to the URL can be read, and answers be changed, on their way. */
export function isInsecure(urlText: string): boolean {
  const url = URL.canParse(urlText) ? new URL(urlText) : undefined;
  return url?.protocol === 'http:' && !isLoopbackHost(url.hostname);
}
