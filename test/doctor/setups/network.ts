import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  connect,
  createServer,
  type AddressInfo,
  type LookupFunction,
  type Server,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Server as ProxyServer } from 'proxy-chain';
import { HttpStub, unreachableOrigin } from '../../support/http-stub.js';
import { lookupHere, Wire, wireTls } from '../../support/wire.js';
import type { BrokenSetup, Stage } from '../support/stage.js';

const fixture = (name: string): string =>
  readFileSync(`test/fixtures/tls/obviously-fake-${name}.pem`, 'utf8');

function tlsOf(name: string): TlsOptions & { cert: string } {
  return { key: fixture(`${name}-key`), cert: fixture(`${name}-certificate`) };
}

/** Puts TLS before the emulator: https://nudge.test. */
export async function throughTls(stage: Stage, options: TlsOptions = wireTls): Promise<number> {
  const wire = await Wire.start(Number(new URL(stage.nudge.url).port), createTlsServer(options));
  stage.atEnd(() => wire.stop());
  stage.environment['NUDGE_BASE_URL'] = `https://nudge.test:${wire.port}/api`;
  return wire.port;
}

/** Puts TLS and a proxy of the environment before the emulator. */
export async function throughProxy(stage: Stage, prepare: () => object = () => ({})): Promise<ProxyServer> {
  await throughTls(stage);
  const proxy = new ProxyServer({
    port: 0,
    host: '127.0.0.1',
    prepareRequestFunction: () => ({ dnsLookup: lookupHere as never, ...prepare() }),
  });
  await proxy.listen();
  stage.atEnd(() => proxy.close(true));
  stage.setProcessVariable('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`);
  return proxy;
}

/** A proxy that answers CONNECT with a status. */
async function refusingProxy(stage: Stage, status: number): Promise<void> {
  await throughTls(stage);
  const stub = stage.use(await HttpStub.start((_request, response) => response.end()));
  stub.onConnect((_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
  stage.setProcessVariable('HTTPS_PROXY', stub.origin);
}

function trusting(stage: Stage, certificate: string | undefined): void {
  stage.machine = { ...stage.machine, certificateAuthorities: certificate };
}

function withLookup(stage: Stage, lookup: LookupFunction): void {
  stage.environment['NUDGE_BASE_URL'] = 'https://nudge.test/api';
  stage.machine = { ...stage.machine, lookup };
}

/** A server that accepts connections and sends nothing. */
export async function silentServer(
  stage: Stage,
): Promise<{ port: number; untilCalled: (times: number) => Promise<void> }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.atEnd(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const untilCalled = async (times: number): Promise<void> => {
    while (sockets.length < times) await once(server, 'connection');
  };
  return { port: (server.address() as AddressInfo).port, untilCalled };
}

const failingLookup: LookupFunction = (name, _options, callback) =>
  callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), '', 0);

export const NETWORK_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'a host without an address',
    shows: { dns: 'fail' },
    says: /nudge\.test.*ENOTFOUND.*spelling of NUDGE_BASE_URL/,
    breakIt: (stage) => withLookup(stage, failingLookup),
  },
  {
    title: 'a DNS that does not answer',
    shows: { dns: 'fail' },
    says: /has no address \(ETIMEDOUT\)/,
    breakIt(stage) {
      const asked = new Promise<void>((resolve) => withLookup(stage, () => resolve()));
      return async () => {
        await asked;
        await stage.clock.advanceAsync(5_000);
      };
    },
  },
  {
    title: 'a port where no server listens',
    shows: { tcp: 'fail' },
    says: /ECONNREFUSED.*firewall/,
    async breakIt(stage) {
      const { port } = new URL(await unreachableOrigin());
      stage.environment['NUDGE_BASE_URL'] = `https://nudge.test:${port}/api`;
    },
  },
  {
    title: 'a certificate that has expired',
    shows: { tls: 'fail' },
    says: /expired.*2020.*clock/,
    async breakIt(stage) {
      const expired = tlsOf('expired');
      await throughTls(stage, expired);
      trusting(stage, expired.cert);
    },
  },
  {
    title: 'a certificate of an unknown authority',
    shows: { tls: 'fail' },
    says: /not trusted.*private authority.*a proxy on the way opens.*NODE_EXTRA_CA_CERTS/,
    breakIt: async (stage) => void (await throughTls(stage, tlsOf('untrusted'))),
  },
  {
    title: "a certificate that the machine's authorities did not issue",
    shows: { tls: 'fail' },
    says: /not trusted/,
    async breakIt(stage) {
      await throughTls(stage);
      trusting(stage, undefined);
    },
  },
  {
    title: 'a certificate for another host',
    shows: { tls: 'fail' },
    says: /for another host than nudge\.test \(DNS:other\.test\)/,
    async breakIt(stage) {
      const other = tlsOf('other-name');
      await throughTls(stage, other);
      trusting(stage, other.cert);
    },
  },
  {
    title: 'https to a port of plain http',
    shows: { tls: 'fail' },
    says: /no TLS with nudge\.test.*a port for https/,
    breakIt(stage) {
      const { port } = new URL(stage.nudge.url);
      stage.environment['NUDGE_BASE_URL'] = `https://nudge.test:${port}/api`;
    },
  },
  {
    title: 'a firewall that drops the packets of TLS',
    shows: { tls: 'fail' },
    says: /no TLS with nudge\.test \(ETIMEDOUT\)/,
    async breakIt(stage) {
      const { port, untilCalled } = await silentServer(stage);
      stage.environment['NUDGE_BASE_URL'] = `https://nudge.test:${port}/api`;
      return async () => {
        // The first connection is the one of the check `tcp`.
        await untilCalled(2);
        await stage.clock.advanceAsync(5_000);
      };
    },
  },
  {
    title: 'a proxy of a kind that axios does not support',
    shows: { proxy: 'fail' },
    says: /socks5.*HTTPS_PROXY as http/,
    async breakIt(stage) {
      await throughTls(stage);
      stage.setProcessVariable('HTTPS_PROXY', 'socks5://me:canary-nudge-key-0123456789@127.0.0.1:1080');
    },
  },
  {
    title: 'a proxy that is not a URL',
    shows: { proxy: 'fail' },
    says: /is not a URL/,
    async breakIt(stage) {
      await throughTls(stage);
      stage.setProcessVariable('HTTPS_PROXY', 'http://127.0.0.1:port');
    },
  },
  {
    title: 'a proxy that does not run',
    shows: { tcp: 'fail' },
    says: /the proxy 127\.0\.0\.1:\d+ \(ECONNREFUSED\).*Check HTTPS_PROXY/,
    async breakIt(stage) {
      await throughTls(stage);
      stage.setProcessVariable('HTTPS_PROXY', await unreachableOrigin());
    },
  },
  {
    title: 'a proxy without an address',
    shows: { dns: 'fail' },
    says: /proxy\.test, the proxy, has no address/,
    async breakIt(stage) {
      withLookup(stage, failingLookup);
      stage.setProcessVariable('HTTPS_PROXY', 'http://proxy.test:8080');
    },
  },
  {
    title: 'a proxy that needs a password',
    shows: { tunnel: 'fail' },
    says: /407.*user name and a password/,
    breakIt: async (stage) => void (await throughProxy(stage, () => ({ requestAuthentication: true }))),
  },
  {
    title: 'a proxy that allows other hosts only',
    shows: { tunnel: 'fail' },
    says: /403.*allow CONNECT to nudge\.test/,
    breakIt: (stage) => refusingProxy(stage, 403),
  },
  {
    title: 'a proxy that cannot reach Nudge',
    shows: { tunnel: 'fail' },
    says: /502.*cannot reach nudge\.test/,
    breakIt: (stage) => refusingProxy(stage, 502),
  },
  {
    title: 'a server that is not a proxy',
    shows: { tunnel: 'fail' },
    says: /no answer to CONNECT/,
    async breakIt(stage) {
      await throughTls(stage);
      const stub = stage.use(await HttpStub.start((_request, response) => response.end()));
      stage.setProcessVariable('HTTPS_PROXY', stub.origin);
    },
  },
  {
    title: 'a proxy that opens TLS connections',
    shows: { tls: 'fail' },
    says: /not trusted.*a proxy on the way opens the connection/,
    async breakIt(stage) {
      const stub = stage.use(await HttpStub.start((_request, response) => response.end()));
      await throughTls(stage, tlsOf('untrusted'));
      const { port } = new URL(stage.environment['NUDGE_BASE_URL'] ?? '');
      stub.onConnect((_request, socket) => {
        const onwards = connect(Number(port), '127.0.0.1').on('error', () => {});
        socket.on('error', () => {}).write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onwards).pipe(socket);
      });
      stage.environment['NUDGE_BASE_URL'] = 'https://nudge.test/api';
      stage.setProcessVariable('HTTPS_PROXY', stub.origin);
    },
  },
];
