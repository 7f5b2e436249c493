import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { DoctorContext } from '../context.js';
import { codeOf, NoConnection, openSocket } from './connect.js';
import { hopName, hopTo, type Route } from './route.js';

/** The proxy refused to connect. */
export class RefusedTunnel extends Error {
  override readonly name = 'RefusedTunnel';

  constructor(readonly status: number) {
    super(`the proxy answered ${status}`);
  }
}

/** The header `Proxy-Authorization` for a proxy with a user name. */
function credentials(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function openTunnel(
  proxy: URL,
  nudge: URL,
  { machine }: DoctorContext,
  signal: AbortSignal,
): Promise<Socket> {
  const target = hopName(hopTo(nudge));
  const { host, port } = hopTo(proxy);
  return new Promise((resolve, reject) => {
    const { request } = proxy.protocol === 'https:' ? https : http;
    const connecting = request({
      method: 'CONNECT',
      host,
      port,
      path: target,
      headers: { host: target, ...credentials(proxy) },
      lookup: machine.lookup,
      agent: false,
      signal,
    });
    connecting.once('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(new RefusedTunnel(response.statusCode ?? 0));
      }
    });
    connecting.once('response', (response) => {
      response.resume();
      reject(new RefusedTunnel(response.statusCode ?? 0));
    });
    connecting.once('error', (error) =>
      reject(new NoConnection(signal.aborted ? 'ETIMEDOUT' : codeOf(error))),
    );
    connecting.end();
  });
}

/**
 * Opens a connection to Nudge, through the proxy's tunnel if there is a proxy.
 *
 * @throws {NoConnection}
 * @throws {RefusedTunnel}
 */
export function connectToNudge(
  { nudge, proxy, firstHop }: Route,
  context: DoctorContext,
  signal: AbortSignal,
): Promise<Socket> {
  if (proxy === undefined) return openSocket(firstHop, context.machine.lookup, signal);
  return openTunnel(proxy, nudge, context, signal);
}
