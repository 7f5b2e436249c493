import { afterEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import type { IncomingHttpHeaders } from 'node:http';
import { HttpStub } from '../../test/support/http-stub.js';
import { assertSafeAxios, createHttpService } from './http-client.js';

describe('assertSafeAxios', () => {
  it.each(['0.30.2', '1.0.0', '1.7.9', '1.16.0', '1.16.0-beta.1', '1.9.99'])(
    'refuses axios %s',
    (version) => {
      expect(() => assertSafeAxios(version)).toThrow(
        `axios ${version} is too old: behind an HTTPS proxy it sends the Nudge API key in clear. ` +
          'Install axios ^1.16.1 (npm install axios@latest).',
      );
    },
  );

  it.each(['1.16.1', '1.16.10', '1.17.0', '1.21.1', '2.0.0', '2.0.0-rc.1'])('accepts axios %s', (version) => {
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

  it('makes a client of which the host’s own axios knows nothing, and the other way round', async () => {
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
    const http = createHttpService({ baseUrl: server.origin });
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
});
