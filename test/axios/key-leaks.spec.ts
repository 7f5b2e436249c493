import { beforeAll, describe, expect, it } from '@jest/globals';

/** Plain JavaScript, which the floor's script runs as well. */
interface KeyLeaks {
  findKeyLeaks(clientModule: string): Promise<string[]>;
  routesOfKeys(
    clientModule: string,
    environment?: Record<string, string>,
  ): Promise<{ delivered: string[]; stolen: string[] }>;
}

const ARRIVE = ['TLS', 'TLS in a tunnel', 'plain'];
const OUR_CLIENT = new URL('our-client.mjs', import.meta.url).href;

describe('the HTTP client, built, in a process of its own', () => {
  let leaks: KeyLeaks;

  beforeAll(async () => {
    leaks = (await import(new URL('key-leaks.mjs', import.meta.url).href)) as KeyLeaks;
  });

  it('reaches the vendor directly and in a tunnel, by the certificates that its agent trusts', async () => {
    expect(await leaks.routesOfKeys(OUR_CLIENT)).toEqual({ delivered: ARRIVE, stolen: [] });
  });

  it('verifies certificates under NODE_TLS_REJECT_UNAUTHORIZED=0, except by an agent that the host gives', async () => {
    const routes = await leaks.routesOfKeys(OUR_CLIENT, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(routes).toEqual({
      delivered: ARRIVE,
      stolen: [
        'TLS in a tunnel to an impostor',
        'TLS in a tunnel to another name',
        'TLS to an impostor',
        'TLS to another name',
      ],
    });
  });

  it('gives the key to no thief, whatever name Object.prototype is polluted with', async () => {
    expect(await leaks.findKeyLeaks(OUR_CLIENT)).toEqual([]);
  });
});
