import { getProxyForUrl } from 'proxy-from-env';
import { isLoopbackHost } from '../../common/loopback.js';
import { once } from './once.js';
import { resolvedSettings } from './settings.js';

/** A host and a port to connect to. */
export interface Hop {
  readonly host: string;
  readonly port: number;
}

/** How calls reach Nudge from here. */
export interface Route {
  readonly nudge: URL;
  /** The proxy of the environment, if calls to Nudge use one. */
  readonly proxy: URL | undefined;
  /** The first host to connect to: the proxy, or Nudge itself. */
  readonly firstHop: Hop;
}

/** The environment names a proxy that cannot be used. The message continues “the proxy of the environment …”. */
export class UnusableProxy extends Error {
  override readonly name = 'UnusableProxy';
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

export function hopTo(url: URL): Hop {
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

export const hopName = ({ host, port }: Hop): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The proxy that axios would use. Calls to a loopback host never use a proxy. */
function proxyFor(url: URL): URL | undefined {
  const text = isLoopbackHost(url.hostname) ? '' : getProxyForUrl(url.href);
  if (text === '') return undefined;
  if (!URL.canParse(text)) throw new UnusableProxy('is not a URL');
  const proxy = new URL(text);
  if (Object.hasOwn(DEFAULT_PORTS, proxy.protocol)) return proxy;
  throw new UnusableProxy(`is of the kind ${proxy.protocol.replace(':', '')}, which axios does not support`);
}

/** @throws {UnusableProxy} */
export const routeToNudge = once(async (context, signal): Promise<Route> => {
  const nudge = new URL((await resolvedSettings(context, signal)).baseUrl);
  const proxy = proxyFor(nudge);
  return { nudge, proxy, firstHop: hopTo(proxy ?? nudge) };
});
