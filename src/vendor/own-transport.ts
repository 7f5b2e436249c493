import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https, { type Agent as HttpsAgent } from 'node:https';
import tls from 'node:tls';

/** What Node's http looks up on a request. */
const HTTP_OPTIONS = ['_defaultAgent', 'createConnection', 'lookup', 'socketPath'];
/** What decides whom TLS trusts, and with what. */
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

/** As Node decides it for an agent that does not say, but never by what `process.env` inherits. */
function trustsAnybody(): boolean {
  return ownOf(process.env, 'NODE_TLS_REJECT_UNAUTHORIZED') === '0';
}

/** The agent's TLS options, each named: in a proxy's tunnel an unnamed one would come from `Object.prototype`. */
function tlsOptionsOf(agent: HttpsAgent): Options {
  const given: object = agent.options ?? {};
  const named: Options = Object.fromEntries(TLS_OPTIONS.map((name) => [name, ownOf(given, name)]));
  named['checkServerIdentity'] ??= tls.checkServerIdentity;
  named['ciphers'] ??= tls.DEFAULT_CIPHERS;
  named['rejectUnauthorized'] ??= !trustsAnybody();
  return named;
}

interface Transport {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

/**
 * Node's http and https for axios, told every option that they would otherwise look up on `Object.prototype`: once that
 * is polluted, it can say where a request goes and whom it trusts.
 *
 * @param agent whose TLS options hold, directly and in a proxy's tunnel.
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
