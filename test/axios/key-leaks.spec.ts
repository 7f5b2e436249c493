import { beforeAll, describe, expect, it } from '@jest/globals';

/** Plain JavaScript, which the floor's script runs as well. */
interface KeyLeaks {
  findKeyLeaks(clientModule: string): Promise<string[]>;
  routesThatArrive(clientModule: string): Promise<string[]>;
}

const OUR_CLIENT = new URL('our-client.mjs', import.meta.url).href;

describe('the HTTP client, built, in a process of its own', () => {
  let leaks: KeyLeaks;

  beforeAll(async () => {
    leaks = (await import(new URL('key-leaks.mjs', import.meta.url).href)) as KeyLeaks;
  });

  it('reaches the vendor directly and in a tunnel, by the certificates that its agent trusts', async () => {
    expect(await leaks.routesThatArrive(OUR_CLIENT)).toEqual(['TLS', 'TLS in a tunnel', 'plain']);
  });

  it('gives the key to no thief, whatever name Object.prototype is polluted with', async () => {
    expect(await leaks.findKeyLeaks(OUR_CLIENT)).toEqual([]);
  });
});
