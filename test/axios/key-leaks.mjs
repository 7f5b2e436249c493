import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KEY_PREFIX = 'obviously-fake-private-key';
/** The attacker listens at this address, on the vendor's port. */
const ATTACKER_HOST = '127.0.0.2';

const fixture = (name) =>
  readFileSync(new URL(`../fixtures/tls/obviously-fake-${name}.pem`, import.meta.url), 'utf8');
const certificates = {
  vendor: fixture('certificate'),
  untrusted: fixture('untrusted-certificate'),
  otherName: fixture('other-name-certificate'),
};

/** Names that axios, its proxy agent and Node's http and TLS read, by the kind of value that an attacker would set. */
const KINDS = {
  'a function that connects': 'createConnection createSocket',
  'a function that accepts everything':
    'adapter beforeRedirect checkServerIdentity encode fetch getHeaders onDownloadProgress paramsSerializer serialize ' +
    'transformRequest transformResponse validateStatus toJSON getParts env',
  'a lookup': 'lookup',
  'an address': 'beforeRedirects env proxy proxyEnv headers auth params',
  'an agent': 'agent agents httpAgent httpsAgent _defaultAgent globalAgent',
  'a transport': 'transport request',
  'a URL': 'baseURL url href all_proxy http_proxy https_proxy HTTPS_PROXY',
  'a host': 'host hostname localAddress',
  'a port': 'port defaultPort',
  'a socket path': 'path socketPath',
  'a certificate': 'ca cert',
  'a host name': 'servername host',
  false: 'rejectUnauthorized allowAbsoluteUrls',
  true: 'insecureHTTPParser allowPartialTrustChain maxRedirects family httpVersion',
};
const POLLUTIONS = Object.entries(KINDS).flatMap(([kind, names]) =>
  names.split(' ').map((name) => [name, kind]),
);

const byCode = (one, other) => (one < other ? -1 : Number(one > other));

/** A tunnel to a port of this machine, for every requested host. */
const tunnelTo = (port) => (_request, socket) => {
  const onwards = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  socket.on('error', () => onwards.destroy()).on('close', () => onwards.destroy());
  onwards.on('error', () => socket.destroy());
  socket.pipe(onwards).pipe(socket);
};

/** Runs the calls in a separate process, because they pollute its `Object.prototype`. */
async function callInChildProcess(input, environment) {
  const script = fileURLToPath(new URL('polluted-client.mjs', import.meta.url));
  const child = spawn(process.execPath, ['--no-warnings', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Without a proxy of this machine's environment.
    env: { PATH: process.env.PATH, ...environment },
  });
  child.stdin.end(JSON.stringify(input));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`The polluted client ended with ${status}`);
  return JSON.parse(printed);
}

/** Starts the vendor, an attacker, impostors and proxies, and reports which of them got the keys of the client. */
async function callAmongAttackers(clientModule, pollutions, environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'key-leaks-'));
  const path = join(folder, 'attacker.sock');
  const stolen = new Set();
  const delivered = new Set();
  const keep = (keys) => (request, response) => {
    keys.add(String(request.headers.apikey));
    response.end('{"a":1}');
  };
  const servers = [];
  const listen = async (server, ...where) => {
    servers.push(server);
    server.listen(...where);
    await once(server, 'listening');
    return server.address().port;
  };
  const listenTls = (name, key, keys) =>
    listen(createTlsServer({ cert: certificates[name], key: fixture(key) }, keep(keys)), 0, '127.0.0.1');
  const proxyServer = (port) => createServer(keep(stolen)).on('connect', tunnelTo(port));
  const proxyTo = async (port) => {
    return { protocol: 'http', host: '127.0.0.1', port: await listen(proxyServer(port), 0, '127.0.0.1') };
  };
  try {
    const plainPort = await listen(createServer(keep(delivered)), 0, '127.0.0.1');
    const tlsPort = await listenTls('vendor', 'key', delivered);
    const untrustedPort = await listenTls('untrusted', 'untrusted-key', stolen);
    const otherNamePort = await listenTls('otherName', 'other-name-key', stolen);
    await listen(proxyServer(untrustedPort), plainPort, ATTACKER_HOST);
    await listen(proxyServer(untrustedPort), path);
    const urlOf = (port) => `https://nudge.test:${port}/token`;
    const vendor = { url: urlOf(tlsPort), trusts: ['vendor'] };
    const trustsBoth = { trusts: ['vendor', 'otherName'] };
    const routes = [
      { name: 'plain', url: `http://127.0.0.1:${plainPort}/token` },
      { name: 'TLS', ...vendor },
      { name: 'TLS in a tunnel', ...vendor, proxy: await proxyTo(tlsPort) },
      { name: 'TLS to an impostor', ...vendor, url: urlOf(untrustedPort) },
      {
        name: 'TLS to an impostor, default agent',
        url: `https://localhost:${untrustedPort}/token`,
        proxy: false,
      },
      { name: 'TLS in a tunnel to an impostor', ...vendor, proxy: await proxyTo(untrustedPort) },
      {
        name: 'TLS in a tunnel to an impostor, default agent',
        url: vendor.url,
        proxy: await proxyTo(untrustedPort),
      },
      { name: 'TLS to another name', ...trustsBoth, url: urlOf(otherNamePort) },
      {
        name: 'TLS in a tunnel to another name',
        ...trustsBoth,
        url: vendor.url,
        proxy: await proxyTo(otherNamePort),
      },
    ];
    const attacker = { host: ATTACKER_HOST, port: plainPort, path, keyPrefix: KEY_PREFIX };
    const input = { clientModule, pollutions, routes, attacker, certificates };
    const seen = await callInChildProcess(input, environment);
    const namesOf = (keys) =>
      [...keys]
        .filter((key) => key.startsWith(KEY_PREFIX))
        .map((key) => key.split('|').slice(1, -1).join(' | '))
        .toSorted(byCode);
    return { stolen: namesOf(new Set([...stolen, ...seen])), delivered: namesOf(delivered) };
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Finds the API keys that a client leaks while `Object.prototype` is polluted with one name after the other.
 *
 * @param clientModule URL of a module that exports `connect({ url, proxy, httpsAgent })`, which returns `get(url,
 * config)`.
 * @returns each leak as `route | name | kind of value`.
 */
export async function findKeyLeaks(clientModule, isIncluded = () => true) {
  return (await callAmongAttackers(clientModule, POLLUTIONS.filter(isIncluded))).stolen;
}

/**
 * The routes on which a client reaches the vendor, and those on which it reaches an attacker, without a harmful
 * pollution.
 */
export async function routesOfKeys(clientModule, environment) {
  const { delivered, stolen } = await callAmongAttackers(clientModule, [['nothing', 'true']], environment);
  const routesOf = (names) => names.map((name) => name.split(' | ')[0]).toSorted(byCode);
  return { delivered: routesOf(delivered), stolen: routesOf(stolen) };
}
