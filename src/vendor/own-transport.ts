import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https, { type Agent as HttpsAgent } from 'node:https';
import tls from 'node:tls';

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
export function createTransport(agent: HttpsAgent): Transport {
  const plain: Options = Object.fromEntries(HTTP_OPTIONS.map((name) => [name, undefined]));
  return {
    request: (options, onResponse) =>
      options.protocol === 'https:'
        ? https.request({ ...plain, ...tlsOptionsOf(agent), ...options }, onResponse)
        : http.request({ ...plain, ...options }, onResponse),
  };
}
