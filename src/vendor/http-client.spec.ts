import { afterEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { Agent, type IncomingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';
import { HttpStub } from '../../test/support/http-stub.js';
import { Secret } from '../common/secret.js';
import { ManualClock } from '../testing/manual-clock.js';
import { createHttpService } from './http-client.js';
import { NudgeHttpTokenSource } from './nudge-http-source.js';
import { TransientFailure } from './token-source.js';
import { assertSafeAxios } from './safe-axios.js';

describe('assertSafeAxios', () => {
  it.each(['0.30.2', '1.0.0', '1.16.1', '1.19.0', '1.19.9', '1.19.0-beta.1', '1.9.99'])(
    'refuses axios %s and says what to do',
    (version) => {
      expect(() => assertSafeAxios(version)).toThrow(
        `nestjs-nudge-auth was given axios ${version}, which can give the Nudge API key away: behind a proxy, or ` +
          'where Object.prototype is polluted. It needs axios ^1.20.0: remove what forces the older one ' +
          '("overrides" or "resolutions" in package.json), then install again.',
      );
    },
  );

  it.each(['1.20.0', '1.20.10', '1.21.1', '2.0.0', '2.0.0-rc.1'])('accepts axios %s', (version) => {
    expect(() => assertSafeAxios(version)).not.toThrow();
  });
});

describe('createHttpService', () => {
  const { headers, ...defaults } = axios.defaults;
  const common = { ...headers.common };

  afterEach(() => {
    axios.interceptors.request.clear();
    axios.interceptors.response.clear();
    for (const name of Object.keys(axios.defaults)) {
      if (name !== 'headers' && !(name in defaults)) Reflect.deleteProperty(axios.defaults, name);
    }
    Object.assign(axios.defaults, defaults);
    axios.defaults.headers.common = common;
  });

  it('makes a client that shares no interceptors and no defaults with the host’s axios', async () => {
    const intercepted: unknown[] = [];
    axios.interceptors.request.use((config) => {
      intercepted.push(config);
      return config;
    });
    axios.interceptors.response.use((response) => {
      intercepted.push(response);
      return response;
    });
    axios.defaults.headers.common['x-of-the-host'] = 'yes';
    axios.defaults.baseURL = 'https://elsewhere.example';
    axios.defaults.params = { ofTheHost: 'yes' };
    axios.defaults.maxRedirects = 5;
    axios.defaults.auth = { username: 'of-the-host', password: 'obviously-fake' };
    axios.defaults.transformResponse = () => 'of the host';

    let seen: { url: string | undefined; headers: IncomingHttpHeaders } | undefined;
    await using server = await HttpStub.start((request, response) => {
      seen = { url: request.url, headers: request.headers };
      response.writeHead(418, { location: '/elsewhere' }).end('{"a":1}');
    });
    const http = createHttpService({ url: server.origin });
    const response = await firstValueFrom(
      http.get<string>(`${server.origin}/token`, { headers: { apikey: 'fake' } }),
    );

    expect([response.status, response.data]).toEqual([418, '{"a":1}']);
    expect(intercepted).toEqual([]);
    expect(seen?.url).toBe('/token');
    expect(Object.keys(seen?.headers ?? {}).toSorted()).toEqual([
      'accept-encoding',
      'apikey',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(axios.defaults.headers.common).not.toHaveProperty('apikey');
  });

  it('reports a transient failure when the server closes a kept-alive socket at the next request', async () => {
    let requests = 0;
    await using server = await HttpStub.start((_request, response) => {
      requests += 1;
      if (requests === 2) response.destroy();
      else response.end('{"message":"no"}');
    });
    const http = createHttpService({ url: server.origin });
    const source = new NudgeHttpTokenSource(http, server.origin, new ManualClock());
    const failures: unknown[] = [];
    for (let call = 0; call < 3; call += 1) {
      await source
        .fetchToken({ expiryMins: 60 }, new Secret('obviously-fake-key'), 3_000)
        .catch((error: unknown) => failures.push(error));
    }
    expect(requests).toBe(3);
    expect(failures.map((failure) => failure instanceof TransientFailure)).toEqual([false, true, false]);
  });

  describe('with a proxy in the environment', () => {
    const names = ['HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy', 'ALL_PROXY', 'all_proxy'];
    const lookup: LookupFunction = (_name, options, callback) => {
      if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };

    afterEach(() => {
      for (const name of names) delete process.env[name];
    });

    /** How a call reaches the host. `noProxy` gets the vendor's port. */
    async function routeTo(host: string, noProxy: (port: string) => string): Promise<string> {
      let route = 'nowhere';
      await using vendor = await HttpStub.start((_request, response) => {
        route = 'directly';
        response.end();
      });
      await using proxy = await HttpStub.start((_request, response) => {
        route = 'through the proxy';
        response.end();
      });
      const { port } = new URL(vendor.origin);
      for (const name of names) delete process.env[name];
      process.env['HTTP_PROXY'] = proxy.origin;
      process.env['NO_PROXY'] = noProxy(port);
      const url = `http://${host}:${port}`;
      const http = createHttpService({ url, httpAgent: new Agent({ lookup }) });
      await firstValueFrom(http.get(url));
      return route;
    }

    it.each<[string, string, string]>([
      ['nudge.test', '*', 'directly'],
      ['nudge.test', 'nudge.test', 'directly'],
      ['nudge.test', 'NUDGE.TEST', 'directly'],
      ['api.nudge.test', '.nudge.test', 'directly'],
      ['api.nudge.test', '*.nudge.test', 'directly'],
      ['nudge.test', 'nudge.test:PORT', 'directly'],
      ['nudge.test', 'other.test,nudge.test', 'directly'],
      ['nudge.test', 'other.test, nudge.test', 'directly'],
      ['nudge.test', 'other.test nudge.test', 'directly'],
      ['nudge.test', ' nudge.test ', 'directly'],
      ['nudge.test', 'nudge.test,', 'directly'],
      ['localhost', 'other.test', 'directly'],
      ['127.0.0.1', 'other.test', 'directly'],
      ['nudge.test', '', 'through the proxy'],
      ['nudge.test', 'other.test', 'through the proxy'],
      ['nudge.test', 'nudge.test:1', 'through the proxy'],
      ['nudge.test', 'dge.test', 'through the proxy'],
      ['nudge.test', 'api.nudge.test', 'through the proxy'],
    ])('calls %s with NO_PROXY="%s" %s', async (host, noProxy, expected) => {
      expect(await routeTo(host, (port) => noProxy.replace('PORT', port))).toBe(expected);
    });
  });
});
