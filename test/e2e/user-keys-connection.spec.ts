import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NudgeAuthOptions, UserJwtOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Agent } from 'node:https';
import { createServer as createTlsServer } from 'node:tls';
import { Server as ProxyServer } from 'proxy-chain';
import { Host, type HttpResult } from '../support/host.js';
import { HttpStub } from '../support/http-stub.js';
import { rsaKeyPair, userJwt } from '../support/users.js';
import { lookupHere, Wire, wireTls } from '../support/wire.js';

const API_KEY = 'obviously-fake-private-key-for-jwks-tests';
const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
const pair = rsaKeyPair();

describe("the issuer's keys are fetched as Nudge is called", () => {
  let nudge: NudgeEmulator;
  let issuer: HttpStub;
  let issuerTls: Wire;
  let proxy: ProxyServer;
  let wire: Wire;
  let host: Host | undefined;
  let fetched: (string | undefined)[];

  const agent = (): Agent => new Agent({ ca: wireTls.cert, lookup: lookupHere });
  const tlsUrl = (): string => `https://nudge.test:${issuerTls.port}/keys`;
  const proxyOption = (): { host: string; port: number } => ({ host: '127.0.0.1', port: wire.port });

  async function answerWith(
    userKeys: Pick<UserJwtOptions, 'jwksUri' | 'http' | 'allowInsecureJwksUri'> & { jwksUri: string },
    http: NudgeAuthOptions['http'] = {},
  ): Promise<HttpResult> {
    host = await Host.start('express', {
      nudge: {
        apiKey: API_KEY,
        baseUrl: nudge.url,
        http,
        userJwt: { algorithms: ['RS256'], issuer: 'us', audience: 'shop', ...userKeys },
      },
    });
    const jwt = await userJwt(
      { sub: 'ada', iss: 'us', aud: 'shop' },
      { key: pair.privateKey, algorithm: 'RS256', kid: 'a' },
    );
    return host.get('/nudge/token', { authorization: `Bearer ${jwt}` });
  }

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
    const body = `\ufeff${JSON.stringify({ keys: [{ ...pair.publicJwk, kid: 'a', alg: 'RS256', use: 'sig' }] })}`;
    issuer = await HttpStub.start((request, response) => {
      fetched.push(request.url);
      if (request.url === '/moved') response.writeHead(302, { location: '/keys' }).end();
      else response.end(body);
    });
    issuerTls = await Wire.start(Number(new URL(issuer.origin).port), createTlsServer(wireTls));
  });

  beforeEach(async () => {
    for (const name of VARIABLES) delete process.env[name];
    fetched = [];
    proxy = new ProxyServer({
      port: 0,
      host: '127.0.0.1',
      prepareRequestFunction: () => ({ dnsLookup: lookupHere as never }),
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
    await issuerTls.stop();
    await issuer[Symbol.asyncDispose]();
    await nudge.stop();
  });

  it("through the environment's proxy, in a tunnel, with the agent of http", async () => {
    process.env['HTTPS_PROXY'] = `http://127.0.0.1:${wire.port}`;
    expect((await answerWith({ jwksUri: tlsUrl() }, { httpsAgent: agent() })).status).toBe(200);
    expect(proxy.stats).toEqual({ httpRequestCount: 0, connectRequestCount: 1 });
    expect(wire.heard).toMatch(/^CONNECT nudge\.test:/);
  });

  it('with the proxy and the agent of userJwt.http, if it has any', async () => {
    const answer = await answerWith(
      { jwksUri: tlsUrl(), http: { proxy: proxyOption(), httpsAgent: agent() } },
      { proxy: false, httpsAgent: new Agent() },
    );
    expect(answer.status).toBe(200);
    expect(proxy.stats.connectRequestCount).toBe(1);
  });

  it('but not from an issuer whose certificate is not trusted, and its users get a 503', async () => {
    process.env['HTTPS_PROXY'] = `http://127.0.0.1:${wire.port}`;
    const answer = await answerWith({ jwksUri: tlsUrl() });
    expect([answer.status, answer.json()['code']]).toEqual([503, 'USER_KEYS_UNAVAILABLE']);
    expect(fetched).toEqual([]);
  });

  it('without a proxy on this machine, even if one is configured', async () => {
    process.env['HTTP_PROXY'] = `http://127.0.0.1:${wire.port}`;
    const answer = await answerWith({ jwksUri: `${issuer.origin}/keys`, http: { proxy: proxyOption() } });
    expect(answer.status).toBe(200);
    expect(wire.heard).toBe('');
  });

  it('over plain http from another host only with allowInsecureJwksUri, and with a warning', async () => {
    const jwksUri = `http://nudge.test:${new URL(issuer.origin).port}/keys`;
    const answer = await answerWith({ jwksUri, allowInsecureJwksUri: true, http: { proxy: proxyOption() } });
    expect(answer.status).toBe(200);
    expect(proxy.stats.httpRequestCount).toBe(1);
    expect(host?.logger.at('warn').join()).toContain('userJwt.jwksUri is plain http');
  });

  it('without following a redirect', async () => {
    const answer = await answerWith({ jwksUri: `${issuer.origin}/moved` });
    expect([answer.status, answer.json()['code']]).toEqual([503, 'USER_KEYS_UNAVAILABLE']);
    expect(new Set(fetched)).toEqual(new Set(['/moved']));
  });
});
