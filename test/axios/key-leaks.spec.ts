import { beforeAll, describe, expect, it } from '@jest/globals';

/** The module is plain JavaScript, because floor.mjs runs it too. */
interface KeyLeaks {
  findKeyLeaks(clientModule: string): Promise<string[]>;
  routesOfKeys(
    clientModule: string,
    environment?: Record<string, string>,
  ): Promise<{ delivered: string[]; stolen: string[] }>;
}

const SAFE_ROUTES = ['TLS', 'TLS in a tunnel', 'plain'];
const OUR_CLIENT = new URL('our-client.mjs', import.meta.url).href;

describe('the HTTP client of the built package', () => {
  let leaks: KeyLeaks;

  beforeAll(async () => {
    leaks = (await import(new URL('key-leaks.mjs', import.meta.url).href)) as KeyLeaks;
  });

  it('reaches the vendor directly and in a tunnel, if its agent trusts the certificate', async () => {
    expect(await leaks.routesOfKeys(OUR_CLIENT)).toEqual({ delivered: SAFE_ROUTES, stolen: [] });
  });

  it('verifies certificates with NODE_TLS_REJECT_UNAUTHORIZED=0, except with an agent of the host', async () => {
    const routes = await leaks.routesOfKeys(OUR_CLIENT, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(routes).toEqual({
      delivered: SAFE_ROUTES,
      stolen: [
        'TLS in a tunnel to an impostor',
        'TLS in a tunnel to another name',
        'TLS to an impostor',
        'TLS to another name',
      ],
    });
  });

  it('leaks no key, for every name with which Object.prototype can be polluted', async () => {
    expect(await leaks.findKeyLeaks(OUR_CLIENT)).toEqual([]);
  });
});
