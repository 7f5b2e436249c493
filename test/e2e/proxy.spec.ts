import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NudgeHttpOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Agent } from 'node:https';
import { createServer as createTlsServer } from 'node:tls';
import { Server as ProxyServer, type PrepareRequestFunctionOpts } from 'proxy-chain';
import { fingerprintOf } from '../../src/common/secret.js';
import { Host, type HttpResult } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { lookupHere, Wire, wireTls } from '../support/wire.js';

const API_KEY = 'obviously-fake-private-key-for-proxy-tests';
const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

describe.each(PLATFORMS)('a call to Nudge through a proxy on %s', (platform) => {
  let nudge: NudgeEmulator;
  let vendor: Wire;
  let proxy: ProxyServer;
  let wire: Wire;
  let admitted: (caller: PrepareRequestFunctionOpts) => boolean;
  let host: Host | undefined;

  const agent = (): Agent => new Agent({ ca: wireTls.cert, lookup: lookupHere });

  async function ask(baseUrl: string, http: NudgeHttpOptions): Promise<HttpResult> {
    host = await Host.start(platform, {
      nudge: { apiKey: API_KEY, baseUrl, http: { maxRetries: 0, ...http } },
    });
    return host.getAsUser();
  }

  function expectTunnel(answer: HttpResult): void {
    expect(answer.status).toBe(200);
    expect(nudge.requests).toMatchObject([{ apiKeyFingerprint: fingerprintOf(API_KEY), status: 200 }]);
    expect(wire.heard).toMatch(new RegExp(`^CONNECT nudge\\.test:${vendor.port} HTTP/1\\.1\r\n`));
    expect(proxy.stats).toEqual({ httpRequestCount: 0, connectRequestCount: 1 });
    expectNoKeyOnTheWire();
  }

  /** A proxy can read what passes it, so neither the key nor the request may be readable. */
  function expectNoKeyOnTheWire(): void {
    expect(wire.heard.toLowerCase()).not.toMatch(/apikey|clients\/jwt|expirymins|get https?:/);
    for (const form of [API_KEY, encodeURIComponent(API_KEY), Buffer.from(API_KEY).toString('base64')]) {
      expect(wire.heard).not.toContain(form);
    }
  }

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
    vendor = await Wire.start(Number(new URL(nudge.url).port), createTlsServer(wireTls));
  });

  beforeEach(async () => {
    for (const name of VARIABLES) delete process.env[name];
    nudge.reset();
    admitted = () => true;
    proxy = new ProxyServer({
      port: 0,
      host: '127.0.0.1',
      prepareRequestFunction: (caller) => ({
        requestAuthentication: !admitted(caller),
        dnsLookup: lookupHere as never,
      }),
    });
    await proxy.listen();
    wire = await Wire.start(proxy.port);
  });

  afterEach(async () => {
    for (const name of VARIABLES) delete process.env[name];
    await host?.close();
    await wire.stop();
    await proxy.close(true);
  });

  afterAll(async () => {
    await vendor.stop();
    await nudge.stop();
  });

  const vendorUrl = (): string => `https://nudge.test:${vendor.port}/api`;
  const proxyUrl = (): string => `http://127.0.0.1:${wire.port}`;

  it('sends the key in a tunnel if the proxy is an option', async () => {
    const option = { protocol: 'http', host: '127.0.0.1', port: wire.port };
    expectTunnel(await ask(vendorUrl(), { proxy: option, httpsAgent: agent() }));
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])('sends the key in a tunnel if %s names the proxy', async (name) => {
    process.env[name] = proxyUrl();
    expectTunnel(await ask(vendorUrl(), { httpsAgent: agent() }));
  });

  it('sends the password of the proxy to the proxy only', async () => {
    admitted = ({ username, password }) => username === 'me' && password === 'obviously@fake';
    const option = { protocol: 'http', host: '127.0.0.1', port: wire.port };
    const auth = { username: 'me', password: 'obviously@fake' };
    expectTunnel(await ask(vendorUrl(), { proxy: { ...option, auth }, httpsAgent: agent() }));
    expect(wire.heard).toContain(`Proxy-Authorization: Basic ${btoa('me:obviously@fake')}`);
    expect(vendor.heard).not.toMatch(/proxy-authorization/i);
    await host?.close();

    wire.clear();
    const refused = await ask(vendorUrl(), { proxy: option, httpsAgent: agent() });
    expect(refused.json()['code']).toBe('NUDGE_UNAVAILABLE');
    expect(nudge.counters.received).toBe(1);
    expectNoKeyOnTheWire();
  });

  it('sends no key to a vendor whose certificate is not trusted', async () => {
    process.env['HTTPS_PROXY'] = proxyUrl();
    const answer = await ask(vendorUrl(), {});
    expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
    expect(nudge.counters.received).toBe(0);
    expect(wire.heard).toMatch(/^CONNECT /);
    expectNoKeyOnTheWire();
  });

  it('uses no proxy if the option proxy is false', async () => {
    process.env['HTTPS_PROXY'] = proxyUrl();
    expect((await ask(vendorUrl(), { proxy: false, httpsAgent: agent() })).status).toBe(200);
    expect(wire.heard).toBe('');
  });

  it.each(['127.0.0.1', 'localhost'])(
    'uses no proxy for %s, even if an option or a variable names one',
    async (name) => {
      for (const variable of VARIABLES) if (!/no_proxy/i.test(variable)) process.env[variable] = proxyUrl();
      const plain = nudge.url.replace('127.0.0.1', name);
      expect((await ask(plain, {})).status).toBe(200);
      await host?.close();
      const proxyOption = { protocol: 'http', host: '127.0.0.1', port: wire.port };
      expect((await ask(plain, { proxy: proxyOption })).status).toBe(200);
      await host?.close();
      const encrypted = `https://${name}:${vendor.port}/api`;
      expect((await ask(encrypted, { httpsAgent: agent(), proxy: proxyOption })).status).toBe(200);
      expect(nudge.counters.received).toBe(3);
      expect(wire.heard).toBe('');
    },
  );
});
