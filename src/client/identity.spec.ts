import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  create as createOnDevice,
  device,
  endpoint,
  events,
  SECOND_MS,
  useFakeDevice,
} from '../../test/client/fake-device.js';
import { FakeEndpoint, settle, tokenAnswer } from '../../test/client/fake-world.js';
import type {
  RefreshToken,
  RefreshTokenHeaders,
  RefreshTokenHeadersFunction,
  RefreshTokenOptions,
} from './index.js';

/** The headers that the app returns now. */
let headers: RefreshTokenHeaders | null;

const create = (options: Partial<RefreshTokenOptions> = {}): RefreshToken =>
  createOnDevice({ headers: () => headers, ...options });

const jwtOf = (claims: object): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

const signIn = (sub: string, accessToken = 1): void => {
  headers = { Authorization: `Bearer ${jwtOf({ iss: 'app', sub, jti: accessToken })}` };
};

useFakeDevice();
beforeEach(() => {
  signIn('alice');
});

describe('a held token, when the app forgets to call reset(),', () => {
  it('is not returned to the next user, who gets another token', async () => {
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = create();
    await expect(refreshToken()).resolves.toBe('of alice');
    signIn('bob');
    await expect(refreshToken()).resolves.toBe('of bob');
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('is forgotten at the sign-out, also when the same user signs in again', async () => {
    endpoint.script.push(tokenAnswer('first'), tokenAnswer('second'));
    const refreshToken = create();
    await refreshToken();
    headers = null;
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
    const refreshToken = create();
    await refreshToken();
    headers = others;
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(2);
  });

  it('is not returned when a custom header names another user', async () => {
    headers = { 'X-Session': 'alice' };
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = create();
    await refreshToken();
    headers = { 'X-Session': 'bob' };
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('belongs to the whole text of a header that is not a JWT, quotes included', async () => {
    headers = { Authorization: 'Digest username="alice"' };
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = create();
    await refreshToken();
    headers = { Authorization: 'Digest username="bob"' };
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it.each([
    ['Bearer', (jwt: string) => ({ Authorization: `Bearer ${jwt}` })],
    ['no scheme', (jwt: string) => ({ Authorization: jwt })],
    ['a lower-case name', (jwt: string) => ({ authorization: `bearer ${jwt}` })],
  ])('stays with its user when the access token rotates: %s', async (_name, toHeaders) => {
    const claims = { iss: 'app', sub: 'zoë/ÿ?>' };
    headers = toHeaders(jwtOf({ ...claims, jti: 1 }));
    endpoint.script.push(tokenAnswer('of zoë'));
    const refreshToken = create();
    await refreshToken();
    headers = { ...toHeaders(jwtOf({ ...claims, jti: 2 })), 'X-Trace': '7' };
    await expect(refreshToken()).resolves.toBe('of zoë');
  });

  it('belongs to the text of the header if the platform cannot decode a JWT', async () => {
    const original = globalThis.atob;
    Reflect.deleteProperty(globalThis, 'atob');
    try {
      endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
      const refreshToken = create();
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
    const refreshToken = create();
    await refreshToken();
    signIn('bob');
    await device.pass(3_600 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(1);
  });
});

describe('a fetch under way', () => {
  it('is not shared by two users: the former user gets null, and the next user gets a token', async () => {
    const refreshToken = create();
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
    const refreshToken = create({ fetch: deaf.fetch });
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
    const refreshToken = create();
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
    headers = { Authorization: 'Bearer opaque-1' };
    const refreshToken = create();
    const call = refreshToken();
    await settle();
    headers = { Authorization: 'Bearer opaque-2' };
    endpoint.script.push(tokenAnswer('A'));
    endpoint.last.answer({ status: 401 });
    await expect(call).resolves.toBe('A');
    await expect(refreshToken()).resolves.toBe('A');
  });

  it('asks for headers before the next fetch when it ends so late that the next token is due', async () => {
    const refreshToken = create();
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
    const getHeaders = jest.fn<RefreshTokenHeadersFunction>(() => headers);
    endpoint.script.push('network error', tokenAnswer('A'));
    await expect(create({ headers: getHeaders })()).resolves.toBe('A');
    expect(getHeaders.mock.calls).toEqual([[undefined]]);
  });
});

describe('headers', () => {
  it('are called once per call, with or without a held token, and once for all calls at one moment', async () => {
    const getHeaders = jest.fn<RefreshTokenHeadersFunction>(() => headers);
    endpoint.script.push(tokenAnswer('A'));
    const refreshToken = create({ headers: getHeaders });
    await refreshToken();
    await refreshToken();
    expect(getHeaders).toHaveBeenCalledTimes(2);
    await Promise.all([refreshToken(), refreshToken(), refreshToken()]);
    expect(getHeaders).toHaveBeenCalledTimes(3);
  });

  it('are called once by a call that also fetches ahead', async () => {
    const getHeaders = jest.fn<RefreshTokenHeadersFunction>(() => headers);
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = create({ headers: getHeaders });
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
      return state === 'hanging' ? new Promise(() => {}) : headers;
    };
    endpoint.script.push(tokenAnswer('A'));
    const refreshToken = create({ headers: getHeaders });
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
    const refreshToken = create({ headers: () => new Promise((resolve) => answers.push(resolve)) });
    const alice = headers;
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
    answers[1]?.(headers);
    await expect(next).resolves.toBe('of bob');
  });

  it('that call refreshToken themselves are called at most twice', async () => {
    let count = 0;
    const refreshToken: RefreshToken = create({
      headers: async () => {
        count += 1;
        await refreshToken();
        return headers;
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
    headers = {};
  });

  it('distinguishes users whose headers are the same, as with cookies', async () => {
    endpoint.script.push(tokenAnswer('of alice'), tokenAnswer('of bob'));
    const refreshToken = create({ identity, headers: undefined });
    await refreshToken();
    await expect(refreshToken()).resolves.toBe('of alice');
    user = 'bob';
    await expect(refreshToken()).resolves.toBe('of bob');
  });

  it('replaces the identity in the headers, so that the token stays while an opaque access token rotates', async () => {
    endpoint.script.push(tokenAnswer('of alice'));
    const refreshToken = create({ identity });
    headers = { Authorization: 'Bearer opaque-1' };
    await refreshToken();
    headers = { Authorization: 'Bearer opaque-2' };
    await expect(refreshToken()).resolves.toBe('of alice');
  });

  it.each([null, ''])('means that the user is signed out when it returns %j', async (signedOut) => {
    endpoint.script.push(tokenAnswer('of alice'));
    const refreshToken = create({ identity });
    await refreshToken();
    user = signedOut;
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
  });

  it('prevents a request when it changes while headers run', async () => {
    const refreshToken = create({
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
    const refreshToken = create({ identity });
    const call = refreshToken();
    await settle();
    user = 'bob';
    endpoint.last.answer(tokenAnswer('of alice'));
    await expect(call).resolves.toBeNull();
  });

  it('makes the call return null when it throws, during a fetch or before one', async () => {
    let isBroken = false;
    const refreshToken = create({
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
