import { describe, expect, it, jest } from '@jest/globals';
import { app, createForApp, jwtOf, signIn, useFakeApp } from '../../test/client/fake-app.js';
import { device, endpoint, events, SECOND_MS } from '../../test/client/fake-device.js';
import { FakeEndpoint, settle, tokenAnswer } from '../../test/client/fake-world.js';
import type { RefreshTokenHeaders, RefreshTokenHeadersFunction } from './index.js';

useFakeApp();

describe('a held token, when the app forgets to call reset(),', () => {
  it('is not returned to the next user, who gets another token', async () => {
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = createForApp();
    await expect(refreshToken()).resolves.toBe('of alice');
    signIn('bob');
    await expect(refreshToken()).resolves.toBe('of bob');
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('is forgotten at the sign-out, also when the same user signs in again', async () => {
    endpoint.script.push(tokenAnswer('first'), tokenAnswer('second'));
    const refreshToken = createForApp();
    await refreshToken();
    app.headers = null;
    await expect(refreshToken()).resolves.toBeNull();
    signIn('alice');
    await expect(refreshToken()).resolves.toBe('second');
  });

  it.each<[string, RefreshTokenHeaders]>([
    ['without Authorization', {}],
    ['with an empty Authorization', { Authorization: '' }],
    ['with another scheme', { Authorization: 'Basic Ym9iOmJvYg==' }],
    ['with another issuer', { Authorization: `Bearer ${jwtOf({ iss: 'other', sub: 'alice' })}` }],
    ['with a JWT that names no user', { Authorization: `Bearer ${jwtOf({ iss: 'app' })}` }],
    ['with a broken JWT', { Authorization: 'Bearer e30.%%%.signature' }],
  ])('is not returned to headers %s', async (_name, others) => {
    endpoint.script.push(tokenAnswer('of alice'), { status: 404 });
    const refreshToken = createForApp();
    await refreshToken();
    app.headers = others;
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(2);
  });

  it('is not returned when a custom header names another user', async () => {
    app.headers = { 'X-Session': 'alice' };
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = createForApp();
    await refreshToken();
    app.headers = { 'X-Session': 'bob' };
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('belongs to the whole text of a header that is not a JWT, quotes included', async () => {
    app.headers = { Authorization: 'Digest username="alice"' };
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = createForApp();
    await refreshToken();
    app.headers = { Authorization: 'Digest username="bob"' };
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it.each([
    ['Bearer', (jwt: string) => ({ Authorization: `Bearer ${jwt}` })],
    ['no scheme', (jwt: string) => ({ Authorization: jwt })],
    ['a lower-case name', (jwt: string) => ({ authorization: `bearer ${jwt}` })],
  ])('stays with its user when the access token rotates: %s', async (_name, toHeaders) => {
    const claims = { iss: 'app', sub: 'zoë/ÿ?>' };
    app.headers = toHeaders(jwtOf({ ...claims, jti: 1 }));
    endpoint.script.push(tokenAnswer('of zoë'));
    const refreshToken = createForApp();
    await refreshToken();
    app.headers = { ...toHeaders(jwtOf({ ...claims, jti: 2 })), 'X-Trace': '7' };
    await expect(refreshToken()).resolves.toBe('of zoë');
  });

  it('belongs to the text of the header if the platform cannot decode a JWT', async () => {
    const original = globalThis.atob;
    Reflect.deleteProperty(globalThis, 'atob');
    try {
      endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
      const refreshToken = createForApp();
      await refreshToken();
      await expect(refreshToken()).resolves.toBe('of alice');
      signIn('bob');
      await expect(refreshToken()).resolves.toBe('of bob');
    } finally {
      globalThis.atob = original;
    }
  });

  it('is not fetched ahead for a user whose SDK has not asked', async () => {
    endpoint.script.push(tokenAnswer('of alice'));
    const refreshToken = createForApp();
    await refreshToken();
    signIn('bob');
    await device.pass(3_600 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(1);
  });
});

describe('a fetch under way', () => {
  it('is not shared by two users: the former user gets null, and the next user gets a token', async () => {
    const refreshToken = createForApp();
    const former = refreshToken();
    await settle();
    const request = endpoint.last;
    signIn('bob');
    const next = refreshToken();
    await expect(former).resolves.toBeNull();
    expect(request.isAborted).toBe(true);
    endpoint.last.answer(tokenAnswer('of bob'));
    await expect(next).resolves.toBe('of bob');
    expect(events.map(({ type }) => type)).toEqual(['token']);
  });

  it('that cannot be aborted does not bring its token to the next user', async () => {
    const deaf = new FakeEndpoint(true);
    const refreshToken = createForApp({ fetch: deaf.fetch });
    const former = refreshToken();
    await settle();
    const request = deaf.last;
    signIn('bob');
    deaf.script.push(tokenAnswer('of bob'));
    await expect(refreshToken()).resolves.toBe('of bob');
    request.answer(tokenAnswer('of alice'));
    await expect(former).resolves.toBeNull();
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('ends with null when the renewed headers belong to another user', async () => {
    const refreshToken = createForApp();
    const call = refreshToken();
    await settle();
    signIn('bob');
    endpoint.last.answer({ status: 401 });
    await expect(call).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
    endpoint.script.push(tokenAnswer('of bob'));
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('goes on with a renewed access token that is not a JWT', async () => {
    app.headers = { Authorization: 'Bearer opaque-1' };
    const refreshToken = createForApp();
    const call = refreshToken();
    await settle();
    app.headers = { Authorization: 'Bearer opaque-2' };
    endpoint.script.push(tokenAnswer('A'));
    endpoint.last.answer({ status: 401 });
    await expect(call).resolves.toBe('A');
    await expect(refreshToken()).resolves.toBe('A');
  });

  it('asks for headers before the next fetch when it ends so late that the next token is due', async () => {
    const refreshToken = createForApp();
    const former = refreshToken();
    await settle();
    signIn('bob');
    await device.pass(SECOND_MS);
    endpoint.last.answer(tokenAnswer('of alice', 2, 1));
    await expect(former).resolves.toBe('of alice');
    await device.pass(SECOND_MS);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('repeats a failed request without asking for headers again', async () => {
    const getHeaders = jest.fn<RefreshTokenHeadersFunction>(() => app.headers);
    endpoint.script.push('network error', tokenAnswer('A'));
    await expect(createForApp({ headers: getHeaders })()).resolves.toBe('A');
    expect(getHeaders.mock.calls).toEqual([[undefined]]);
  });
});
