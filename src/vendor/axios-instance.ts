import axios, { type AxiosInstance, type AxiosProxyConfig, type AxiosRequestConfig } from 'axios';
import http, {
  Agent as HttpAgent,
  globalAgent as globalHttpAgent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import https, { Agent as HttpsAgent, globalAgent as globalHttpsAgent } from 'node:https';
import tls from 'node:tls';
import { isLoopbackHost } from '../common/loopback.js';
import { assertSafeAxios } from './safe-axios.js';

/** The vendor's answer has a few hundred bytes. A larger answer than this comes from something else. */
export const MAX_ANSWER_BYTES = 64 * 1024;

export interface HttpClientOptions {
  /** The URL that the client calls. A loopback host is never called through a proxy. */
  readonly url: string;
  readonly proxy?: AxiosProxyConfig | false | undefined;
  readonly httpAgent?: HttpAgent | undefined;
  readonly httpsAgent?: HttpsAgent | undefined;
  /** The largest body of an answer, in bytes, counted after decompression. Default 65536. */
  readonly maxAnswerBytes?: number | undefined;
}

/** The settings of the process, such as keep-alive, but without its proxies: axios reads those from the environment. */
function settingsOf(agent: HttpAgent): AgentOptions {
  // Node's types show `options` only for https agents.
  return Object.assign({ ...(agent as HttpsAgent).options }, { proxyEnv: undefined });
}

/**
 * An agent that verifies certificates even if `NODE_TLS_REJECT_UNAUTHORIZED` is 0. A host that must not verify gives
 * its own.
 */
function createVerifyingAgent(): HttpsAgent {
  return new HttpsAgent({ ...settingsOf(globalHttpsAgent), rejectUnauthorized: true });
}

/**
 * An axios instance for this module alone: the host's interceptors and defaults never see the API key. It follows no
 * redirect, limits the size of an answer, and resolves for every status.
 *
 * @throws {Error} when the installed version of axios could leak the API key.
 */
export function createAxiosInstance(options: HttpClientOptions): AxiosInstance {
  // Read as members: with named imports, a version of axios that lacks these names would fail before the check.
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
  // A call to this machine never goes through a proxy.
  const proxy = isLoopbackHost(new URL(options.url).hostname) ? false : options.proxy;
  // Set by an interceptor and not in the defaults, which other code can read: a proxy or an agent may hold a password.
  instance.interceptors.request.use((config) =>
    Object.assign(config, { proxy, httpAgent, httpsAgent, transport }),
  );
  return instance;
}

/** Options that Node's http reads from a request's options. */
const HTTP_OPTIONS = ['_defaultAgent', 'createConnection', 'lookup', 'socketPath'];
/** Options that decide which servers TLS trusts, and how. */
const TLS_OPTIONS = [
  'ca',
  'cert',
  'checkServerIdentity',
  'ciphers',
  'crl',
  'key',
  'maxVersion',
  'minVersion',
  'passphrase',
  'pfx',
  'pskCallback',
  'rejectUnauthorized',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'servername',
  'session',
  'sigalgs',
];

type Options = Record<string, unknown>;

function ownOf(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
}

/** Node's default for an agent without `rejectUnauthorized`, but without what `process.env` inherits. */
function acceptsAnyCertificate(): boolean {
  return ownOf(process.env, 'NODE_TLS_REJECT_UNAUTHORIZED') === '0';
}

/**
 * All TLS options of the agent, each set by name. In a proxy's tunnel Node would read a missing one from
 * `Object.prototype`.
 */
function tlsOptionsOf(agent: HttpsAgent): Options {
  const given: object = agent.options ?? {};
  const named: Options = Object.fromEntries(TLS_OPTIONS.map((name) => [name, ownOf(given, name)]));
  named['checkServerIdentity'] ??= tls.checkServerIdentity;
  named['ciphers'] ??= tls.DEFAULT_CIPHERS;
  named['rejectUnauthorized'] ??= !acceptsAnyCertificate();
  return named;
}

interface Transport {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

/**
 * Node's http and https for axios, with every option set that Node would otherwise read from `Object.prototype`. A
 * polluted `Object.prototype` could decide where a request goes and which servers it trusts.
 *
 * @param agent its TLS options apply, with and without a proxy.
 */
function createTransport(agent: HttpsAgent): Transport {
  const plain: Options = Object.fromEntries(HTTP_OPTIONS.map((name) => [name, undefined]));
  return {
    request: (options, onResponse) =>
      options.protocol === 'https:'
        ? https.request({ ...plain, ...tlsOptionsOf(agent), ...options }, onResponse)
        : http.request({ ...plain, ...options }, onResponse),
  };
}
