import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { DoctorContext } from '../context.js';
import { codeOf, NoConnection, openSocket } from './connect.js';
import { hopName, hopTo, type Route } from './route.js';

/** The proxy answered, and did not connect. */
export class RefusedTunnel extends Error {
  override readonly name = 'RefusedTunnel';

  constructor(readonly status: number) {
    super(`the proxy answered ${status}`);
  }
}

/** As a `Proxy-Authorization` has it. */
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
    const asking = request({
      method: 'CONNECT',
      host,
      port,
      path: target,
      headers: { host: target, ...credentials(proxy) },
      lookup: machine.lookup,
      agent: false,
      signal,
    });
    asking.once('connect', (response, socket) => {
      if (response.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(new RefusedTunnel(response.statusCode ?? 0));
      }
    });
    asking.once('response', (response) => {
      response.resume();
      reject(new RefusedTunnel(response.statusCode ?? 0));
    });
    asking.once('error', (error) => reject(new NoConnection(signal.aborted ? 'ETIMEDOUT' : codeOf(error))));
    asking.end();
  });
}

/**
 * A connection that reaches Nudge, through the proxy's tunnel where there is one.
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
