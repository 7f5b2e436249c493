import { describe, expect, it, jest } from '@jest/globals';
import {
  create,
  device,
  endpoint,
  events,
  MINUTE_MS,
  SECOND_MS,
  useFakeDevice,
} from '../../test/client/fake-device.js';
import { FakeAppState, FakeBrowser, settle, tokenAnswer } from '../../test/client/fake-world.js';
import { createRefreshToken, type RefreshTokenOptions } from './index.js';

useFakeDevice();

describe('a call', () => {
  it('returns the token of the endpoint, and sends a GET with the headers', async () => {
    endpoint.script.push(tokenAnswer('A'));
    await expect(create()()).resolves.toBe('A');
    const { url, init } = endpoint.last;
    expect(url).toBe('/nudge/token');
    expect(init).toEqual({
      headers: { Authorization: 'Bearer user' },
      credentials: undefined,
      signal: expect.any(AbortSignal),
    });
  });

  it('passes the credentials option to fetch, and leaves out headers without a value', async () => {
    endpoint.script.push(tokenAnswer('A'));
    const headers = { 'X-Tenant': 't', Authorization: undefined } as unknown as Record<string, string>;
    await create({ credentials: 'include', headers })();
    expect(endpoint.last.init.credentials).toBe('include');
    expect(Object.keys(endpoint.last.init.headers)).toEqual(['X-Tenant']);
  });

  it('shares one request with all other calls at the same moment', async () => {
    const refreshToken = create();
    const calls = [refreshToken(), refreshToken(), refreshToken()];
    await settle();
    expect(endpoint.requests).toHaveLength(1);
    endpoint.last.answer(tokenAnswer('A'));
    await expect(Promise.all(calls)).resolves.toEqual(['A', 'A', 'A']);
  });

  it('works without a `this`, as the SDK calls it', async () => {
    endpoint.script.push(tokenAnswer('A'));
    const { call } = { call: create() };
    await expect(call()).resolves.toBe('A');
  });

  it('sends no request before the user has signed in', async () => {
    let user: string | undefined;
    const refreshToken = create({ headers: async () => (user ? { Authorization: user } : null) });
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(0);
    expect(events).toEqual([]);

    user = 'user';
    endpoint.script.push(tokenAnswer('A'));
    await expect(refreshToken()).resolves.toBe('A');
  });

  it('forgets the held token once headers say that the user is signed out', async () => {
    let headers: Record<string, string> | undefined = { Authorization: 'user' };
    const refreshToken = create({ headers: () => headers });
    endpoint.script.push(tokenAnswer('A'));
    await refreshToken();
    headers = undefined;
    await device.pass(11 * SECOND_MS);
    await expect(refreshToken()).resolves.toBeNull();
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
  });

  it('uses the global fetch at the moment of the request if the app gives none', async () => {
    const original = globalThis.fetch;
    const refreshToken = create({ fetch: undefined });
    globalThis.fetch = () => Promise.resolve(Response.json(tokenAnswer('G').body));
    try {
      await expect(refreshToken()).resolves.toBe('G');
    } finally {
      globalThis.fetch = original;
    }
  });

  it('works without an AbortController', async () => {
    const original = globalThis.AbortController;
    Reflect.deleteProperty(globalThis, 'AbortController');
    try {
      endpoint.script.push(tokenAnswer('A'));
      await expect(create()()).resolves.toBe('A');
      expect(endpoint.last.init.signal).toBeUndefined();
    } finally {
      globalThis.AbortController = original;
    }
  });

  it('uses the device’s clock if the app gives none, and clears its timers', async () => {
    jest.useFakeTimers();
    try {
      endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
      const refreshToken = create({ clock: undefined, random: undefined });
      await expect(refreshToken()).resolves.toBe('A');
      expect(jest.getTimerCount()).toBe(1);
      await jest.advanceTimersByTimeAsync(3_000 * SECOND_MS);
      expect(endpoint.requests).toHaveLength(2);
      refreshToken.stop();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('a held token', () => {
  it('is returned from memory within ten seconds', async () => {
    endpoint.script.push(tokenAnswer('A'));
    const refreshToken = create();
    await refreshToken();
    await device.pass(10 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('A');
    expect(endpoint.requests).toHaveLength(1);
  });

  it('counts as refused when the SDK asks again after ten seconds, and is replaced', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = create();
    await refreshToken();
    await device.pass(9 * SECOND_MS);
    await refreshToken();
    await device.pass(2 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('is returned again if the endpoint answers with the same one', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('A'));
    const refreshToken = create();
    await refreshToken();
    await device.pass(11 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('A');
    expect(endpoint.requests).toHaveLength(2);
  });

  it('is replaced for a refusal at most once a minute', async () => {
    for (let count = 0; count < 9; count += 1) endpoint.script.push(tokenAnswer(`T${count}`));
    const refreshToken = create();
    await refreshToken();
    for (let second = 0; second < 180; second += 1) {
      await device.pass(SECOND_MS);
      await expect(refreshToken()).resolves.toMatch(/^T/);
    }
    expect(endpoint.requests).toHaveLength(4);
  });

  it('is returned while it lives when the endpoint or the network fails', async () => {
    endpoint.script.push(tokenAnswer('A', 60, 45), { status: 500 }, 'network error');
    const refreshToken = create();
    await refreshToken();
    await device.pass(20 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('A');
    expect(endpoint.requests).toHaveLength(3);
  });

  it('is never returned once it has expired', async () => {
    endpoint.script.push(tokenAnswer('A', 60, 45), { status: 404 }, { status: 404 }, { status: 404 });
    const browser = new FakeBrowser();
    try {
      const refreshToken = create();
      await refreshToken();
      browser.hide();
      await device.pass(60 * SECOND_MS);
      await expect(refreshToken()).resolves.toBeNull();
    } finally {
      browser.restore();
    }
  });

  it('lives from the moment at which its request was sent, not from the answer', async () => {
    const refreshToken = create();
    const call = refreshToken();
    await device.pass(5 * SECOND_MS);
    endpoint.last.answer(tokenAnswer('A', 8, 7));
    await expect(call).resolves.toBe('A');
    device.sleep(3 * SECOND_MS);
    endpoint.script.push({ status: 404 });
    await expect(refreshToken()).resolves.toBeNull();
  });

  it.each([
    ['a year ahead', 365 * 24 * 60 * MINUTE_MS],
    ['a year behind', -365 * 24 * 60 * MINUTE_MS],
  ])('lives as long on a device whose clock is %s', async (_name, byMs) => {
    device.setWallClock(byMs);
    endpoint.script.push(tokenAnswer('A', 60, 45), tokenAnswer('B', 60, 45));
    const refreshToken = create();
    await refreshToken();
    await device.pass(44 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(1);
    await device.pass(SECOND_MS);
    expect(endpoint.requests).toHaveLength(2);
  });

  it('has expired after a long sleep, during which the monotonic clock stood still', async () => {
    endpoint.script.push(tokenAnswer('A', 60, 45), tokenAnswer('B'));
    const refreshToken = create();
    await refreshToken();
    device.sleep(60 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('does not live longer when the user sets the wall clock back', async () => {
    endpoint.script.push(tokenAnswer('A', 60, 45), { status: 404 });
    const refreshToken = create({
      appState: Object.assign(new FakeAppState(), { currentState: 'background' }),
    });
    await refreshToken();
    device.setWallClock(-10 * MINUTE_MS);
    await device.pass(60 * SECOND_MS);
    await expect(refreshToken()).resolves.toBeNull();
  });
});

describe('a wrong option is a TypeError that names it and says what it must be:', () => {
  it.each([
    [{ endpoint: undefined }, 'endpoint must be a string like /nudge/token'],
    [{ endpoint: '' }, 'endpoint must be a string like /nudge/token'],
    [{ endpoint: 7 }, 'endpoint must be a string like /nudge/token'],
    [{ headers: 'Bearer user' }, 'headers must be an object or a function'],
    [{ identity: 'user-1' }, 'identity must be a function or undefined'],
    [{ fetch: 'axios' }, 'fetch must be a function'],
    [{ timeoutMs: '9s' }, 'timeoutMs must be a number, 1 to 9000'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a number, 1 to 9000'],
    [{ timeoutMs: -1 }, 'timeoutMs must be a number, 1 to 9000'],
    [{ timeoutMs: NaN }, 'timeoutMs must be a number, 1 to 9000'],
    [{ timeoutMs: 9_001 }, 'timeoutMs must be a number, 1 to 9000'],
    [{ onEvent: console }, 'onEvent must be a function'],
  ])('%p', (wrong, message) => {
    const options = { endpoint: '/nudge/token', ...wrong } as unknown as RefreshTokenOptions;
    expect(() => createRefreshToken(options)).toThrow(new TypeError(`createRefreshToken: ${message}`));
  });
});
