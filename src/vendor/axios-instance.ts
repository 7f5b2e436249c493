import axios, { type AxiosInstance, type AxiosProxyConfig, type AxiosRequestConfig } from 'axios';
import { Agent as HttpAgent, type AgentOptions, globalAgent as globalHttpAgent } from 'node:http';
import { Agent as HttpsAgent, globalAgent as globalHttpsAgent } from 'node:https';
import { isLoopbackHost } from '../common/loopback.js';
import { createTransport } from './own-transport.js';
import { assertSafeAxios } from './safe-axios.js';

/** The vendor's answer is a few hundred bytes; anything larger is not its answer. */
export const MAX_ANSWER_BYTES = 64 * 1024;

export interface HttpClientOptions {
  /** Where the calls go: a loopback host is never called through a proxy. */
  readonly url: string;
  readonly proxy?: AxiosProxyConfig | false | undefined;
  readonly httpAgent?: HttpAgent | undefined;
  readonly httpsAgent?: HttpsAgent | undefined;
  /** Bytes of an answer's body at most, counted after decompression. Default 65536. */
  readonly maxAnswerBytes?: number | undefined;
}

/** Settings of the process, such as keep-alive. Not its proxies: axios reads the environment itself. */
function settingsOf(agent: HttpAgent): AgentOptions {
  // Node's types name the options of https agents only.
  return Object.assign({ ...(agent as HttpsAgent).options }, { proxyEnv: undefined });
}

/** Verifies certificates whatever `NODE_TLS_REJECT_UNAUTHORIZED` says: for an exception the host hands in an agent. */
function createVerifyingAgent(): HttpsAgent {
  return new HttpsAgent({ ...settingsOf(globalHttpsAgent), rejectUnauthorized: true });
}

/**
 * An axios instance of our own: interceptors and defaults of the host never meet the API key.
 * It follows no redirect, bounds the answer, and resolves whatever the status.
 *
 * @throws {Error} when the axios installed could give the API key away.
 */
export function createAxiosInstance(options: HttpClientOptions): AxiosInstance {
  // By member, because a release too old to have these names must reach the check, not fail as a module.
  /* oxlint-disable import/no-named-as-default-member */
  assertSafeAxios(axios.VERSION);
  const instance = axios.create();
  /* oxlint-enable import/no-named-as-default-member */
  // `create` starts from the process-wide defaults, which belong to the host: proxies, headers, adapters, transforms.
  for (const name of Object.keys(instance.defaults)) Reflect.deleteProperty(instance.defaults, name);
  Object.assign(instance.defaults, {
    adapter: 'http',
    responseType: 'text',
    maxRedirects: 0,
    maxContentLength: options.maxAnswerBytes ?? MAX_ANSWER_BYTES,
    validateStatus: () => true,
  } satisfies AxiosRequestConfig);
  const httpAgent = options.httpAgent ?? new HttpAgent(settingsOf(globalHttpAgent));
  const httpsAgent = options.httpsAgent ?? createVerifyingAgent();
  const transport = createTransport(httpsAgent);
  // A redirected, proxied or intercepted call to this very machine is never meant.
  const proxy = isLoopbackHost(new URL(options.url).hostname) ? false : options.proxy;
  // Not among the defaults, which everybody can read: a proxy wants a password, and an agent knows it.
  instance.interceptors.request.use((config) =>
    Object.assign(config, { proxy, httpAgent, httpsAgent, transport }),
  );
  return instance;
}
