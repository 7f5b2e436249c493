import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { assertExampleIsBuilt, Example } from '../support/example.js';

async function signIn(page: string, username: string, password = 'demo'): Promise<Response> {
  return fetch(`${page}/login`, { method: 'POST', body: new URLSearchParams({ username, password }) });
}

async function headersOf(page: string, username: string): Promise<{ Authorization: string }> {
  const { accessToken } = (await (await signIn(page, username)).json()) as { accessToken: string };
  return { Authorization: `Bearer ${accessToken}` };
}

async function demo(page: string, route: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${page}/demo/${route}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

async function nudgeCalls(page: string): Promise<number> {
  const stats = (await (await fetch(`${page}/demo/stats`)).json()) as { nudgeCalls: number };
  return stats.nudgeCalls;
}

describe('the quick start', () => {
  let example: Example | undefined;

  beforeAll(() => assertExampleIsBuilt());

  afterEach(async () => {
    await example?.kill('SIGKILL');
  });

  it('hands tokens to signed-in users, also while Nudge is down, and ends cleanly', async () => {
    example = new Example('0');
    const { page, endpoint, emulator } = await example.banner();
    expect(endpoint).toBe(`${page}/nudge/token`);

    expect((await fetch(endpoint)).status).toBe(401);
    expect((await signIn(page, 'ada', 'wrong')).status).toBe(401);
    const [ada, grace] = [await headersOf(page, 'ada'), await headersOf(page, 'grace')];

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => fetch(endpoint, { headers: index % 2 === 0 ? ada : grace })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await nudgeCalls(page)).toBe(1);

    const [first] = await Promise.all(answers.map((answer) => answer.json() as Promise<{ token: string }>));
    const token = first?.token ?? '';
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', emulator));
    const { payload } = await jwtVerify(token, keys, { algorithms: ['EdDSA'] });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(3_600);

    const campaigns = await fetch(`${page}/campaigns`, { headers: ada });
    expect(await campaigns.json()).toEqual({ campaigns: ['Spring sale', 'Bring a friend'] });
    expect(await nudgeCalls(page)).toBe(1);

    await demo(page, 'fault', { name: 'down' });
    expect((await fetch(endpoint, { headers: ada })).status).toBe(200);
    await demo(page, 'forget', {});
    const refused = await fetch(endpoint, { headers: ada });
    expect([refused.status, refused.headers.get('nudge-auth-error')]).toEqual([503, 'NUDGE_UNAVAILABLE']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const without = await fetch(`${page}/campaigns`, { headers: ada });
    expect(await without.json()).toEqual({ campaigns: [], unavailable: 'NUDGE_UNAVAILABLE' });

    expect(await example.kill('SIGINT')).toEqual({ code: 0, signal: null });
    await expect(fetch(page)).rejects.toThrow('fetch failed');
    await expect(fetch(emulator)).rejects.toThrow('fetch failed');
  });

  it('serves the page with all its imports, and ends while a call to Nudge hangs', async () => {
    example = new Example('0');
    const { page, endpoint } = await example.banner();
    const sources = ['/', '/style.css', '/icon.svg', '/app.js', '/client/index.js'];
    for (const source of sources) {
      const answer = await fetch(page + source);
      expect([source, answer.status]).toEqual([source, 200]);
      for (const [, imported] of (await answer.text()).matchAll(/from '(\.\/[\w./-]+)'/g)) {
        const path = new URL(imported ?? '', page + source).pathname;
        if (!sources.includes(path)) sources.push(path);
      }
    }
    expect(sources.length).toBeGreaterThan(10);
    expect((await fetch(`${page}/nowhere`)).status).toBe(404);

    await demo(page, 'fault', { name: 'silent' });
    const headers = await headersOf(page, 'ada');
    const hanging = fetch(endpoint, { headers }).catch(() => undefined);
    while ((await nudgeCalls(page)) === 0);
    expect(await example.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await hanging;
  });

  it('reports in one line that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    example = new Example(String(port));
    expect((await example.end()).code).toBe(1);
    expect(example.errors).toBe(`Port ${port} is taken. Choose another one: PORT=3001 npm start\n`);
    other.close();
  });
});
