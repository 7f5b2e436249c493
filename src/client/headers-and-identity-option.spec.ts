import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { app, createForApp, signIn, useFakeApp } from '../../test/client/fake-app.js';
import { device, endpoint, events, SECOND_MS } from '../../test/client/fake-device.js';
import { settle, tokenAnswer } from '../../test/client/fake-world.js';
import type { RefreshToken, RefreshTokenHeaders, RefreshTokenHeadersFunction } from './index.js';

useFakeApp();

describe('headers', () => {
  it('are called once per call, with or without a held token, and once for all calls at one moment', async () => {
    const getHeaders = jest.fn<RefreshTokenHeadersFunction>(() => app.headers);
    endpoint.script.push(tokenAnswer('A'));
    const refreshToken = createForApp({ headers: getHeaders });
    await refreshToken();
    await refreshToken();
    expect(getHeaders).toHaveBeenCalledTimes(2);
    await Promise.all([refreshToken(), refreshToken(), refreshToken()]);
    expect(getHeaders).toHaveBeenCalledTimes(3);
  });

  it('are called once by a call that also fetches ahead', async () => {
    const getHeaders = jest.fn<RefreshTokenHeadersFunction>(() => app.headers);
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = createForApp({ headers: getHeaders });
    await refreshToken();
    await device.pass(6_100 * SECOND_MS);
    getHeaders.mockClear();
    await expect(refreshToken()).resolves.toBe('B');
    await settle();
    expect(endpoint.requests).toHaveLength(3);
    expect(getHeaders).toHaveBeenCalledTimes(1);
  });

  it('that fail or hang make the call return null, and the user gets the held token after that', async () => {
    let state: 'well' | 'failing' | 'hanging' = 'well';
    const getHeaders: RefreshTokenHeadersFunction = () => {
      if (state === 'failing') throw new Error('storage is locked');
      return state === 'hanging' ? new Promise(() => {}) : app.headers;
    };
    endpoint.script.push(tokenAnswer('A'));
    const refreshToken = createForApp({ headers: getHeaders });
    await refreshToken();
    state = 'failing';
    await expect(refreshToken()).resolves.toBeNull();
    state = 'hanging';
    const call = refreshToken();
    await device.pass(9 * SECOND_MS);
    await expect(call).resolves.toBeNull();
    state = 'well';
    await expect(refreshToken()).resolves.toBe('A');
    expect(events.map(({ type }) => type)).toEqual(['token', 'headers', 'timeout']);
  });

  it('that come late for a user who has left are ignored', async () => {
    const answers: ((headers: RefreshTokenHeaders | null) => void)[] = [];
    const refreshToken = createForApp({ headers: () => new Promise((resolve) => answers.push(resolve)) });
    const alice = app.headers;
    const former = refreshToken();
    await device.pass(9 * SECOND_MS);
    await expect(former).resolves.toBeNull();
    signIn('bob');
    await device.pass(10 * SECOND_MS);
    const next = refreshToken();
    await settle();
    answers[0]?.(alice);
    await settle();
    expect(endpoint.requests).toHaveLength(0);
    endpoint.script.push(tokenAnswer('of bob'));
    answers[1]?.(app.headers);
    await expect(next).resolves.toBe('of bob');
  });

  it('that call refreshToken themselves are called at most twice', async () => {
    let count = 0;
    const refreshToken: RefreshToken = createForApp({
      headers: async () => {
        count += 1;
        await refreshToken();
        return app.headers;
      },
    });
    const call = refreshToken();
    await device.pass(9 * SECOND_MS);
    await expect(call).resolves.toBeNull();
    expect(count).toBeLessThanOrEqual(2);
  });
});

describe('the identity option', () => {
  let user: string | null;
  const identity = (): string | null => user;
  beforeEach(() => {
    user = 'alice';
    app.headers = {};
  });

  it('distinguishes users whose headers are the same, as with cookies', async () => {
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = createForApp({ identity, headers: undefined });
    await refreshToken();
    await expect(refreshToken()).resolves.toBe('of alice');
    user = 'bob';
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('replaces the identity in the headers, so that the token stays while an opaque access token rotates', async () => {
    endpoint.script.push(tokenAnswer('of alice'));
    const refreshToken = createForApp({ identity });
    app.headers = { Authorization: 'Bearer opaque-1' };
    await refreshToken();
    app.headers = { Authorization: 'Bearer opaque-2' };
    await expect(refreshToken()).resolves.toBe('of alice');
  });

  it.each([null, ''])('means that the user is signed out when it returns %j', async (signedOut) => {
    endpoint.script.push(tokenAnswer('of alice'));
    const refreshToken = createForApp({ identity });
    await refreshToken();
    user = signedOut;
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
  });

  it('prevents a request when it changes while headers run', async () => {
    const refreshToken = createForApp({
      identity,
      headers: async () => {
        user = 'bob';
        return { Authorization: 'Bearer of-alice-or-of-bob' };
      },
    });
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(0);
  });

  it('makes the call of the former user return null when it changes during a fetch', async () => {
    const refreshToken = createForApp({ identity });
    const call = refreshToken();
    await settle();
    user = 'bob';
    endpoint.last.answer(tokenAnswer('of alice'));
    await expect(call).resolves.toBeNull();
  });

  it('makes the call return null when it throws, during a fetch or before one', async () => {
    let isBroken = false;
    const refreshToken = createForApp({
      identity: () => {
        if (isBroken) throw new Error('store is gone');
        return user;
      },
    });
    const call = refreshToken();
    await settle();
    isBroken = true;
    endpoint.last.answer(tokenAnswer('of alice'));
    await expect(call).resolves.toBeNull();
    await expect(refreshToken()).resolves.toBeNull();
    expect(events.at(-1)?.type).toBe('headers');
  });
});
