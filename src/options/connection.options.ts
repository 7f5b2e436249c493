import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { AxiosProxyConfig } from 'axios';
import * as v from 'valibot';
import { objectThat, type Declarations } from './option-rules.js';

/**
 * How this application connects to a server.
 *
 * @publicApi
 */
export interface NudgeConnectionOptions {
  /**
   * The proxy to call through; `false` uses none, not even that of `HTTPS_PROXY`. A call to a loopback URL never uses a
   * proxy. Default: the proxy that the environment names.
   */
  proxy?: AxiosProxyConfig | false;
  /** The agent for a plain http URL. */
  httpAgent?: HttpAgent;
  /**
   * The agent for an https URL, for example with a private certificate authority or a client certificate. Default: an agent
   * that verifies every certificate, whatever `NODE_TLS_REJECT_UNAUTHORIZED` says.
   */
  httpsAgent?: HttpsAgent;
}

function isProxy(value: unknown): boolean {
  if (value === false) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { host, port } = value as Partial<AxiosProxyConfig>;
  return typeof host === 'string' && host !== '' && Number.isInteger(port) && isPort(Number(port));
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

/** @internal */
export const connectionOptions = {
  proxy: v.optional(
    v.custom<AxiosProxyConfig | false>(
      isProxy,
      "must be false or an object such as { protocol: 'http', host: 'proxy.example', port: 8080 }",
    ),
  ),
  httpAgent: v.optional(objectThat<HttpAgent>('a node:http Agent')),
  httpsAgent: v.optional(objectThat<HttpsAgent>('a node:https Agent')),
} satisfies Declarations<NudgeConnectionOptions>;
