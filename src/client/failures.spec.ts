import { describe, expect, it, jest } from '@jest/globals';
import { create, device, endpoint, events, SECOND_MS, useFakeDevice } from '../../test/client/fake-device.js';
import { settle, tokenAnswer } from '../../test/client/fake-world.js';
import { type RefreshTokenHeadersFunction } from './index.js';

useFakeDevice();

describe('a failure', () => {
  it.each([
    ['a 500', { status: 500 }],
    ['a network error', 'network error'],
  ] as const)('leads to one retry without a pause: %s', async (_name, failure) => {
    endpoint.script.push(failure, tokenAnswer('A'));
    await expect(create()()).resolves.toBe('A');
    expect(events).toEqual([{ type: 'token', status: 200, pauseMs: 0 }]);
  });

  it.each([
    ['a page instead of JSON', {}, 'malformed'],
    ['null', { body: null }, 'malformed'],
    ['no token', { body: { expiresIn: 3_600 } }, 'malformed'],
    ['an empty token', { body: { token: '', expiresIn: 3_600 } }, 'malformed'],
    ['a token that is not a string', { body: { token: 7, expiresIn: 3_600 } }, 'malformed'],
    ['no expiresIn', { body: { token: 'A' } }, 'malformed'],
    ['expiresIn 0', { body: { token: 'A', expiresIn: 0 } }, 'malformed'],
    ['a negative expiresIn', { body: { token: 'A', expiresIn: -1 } }, 'malformed'],
    ['an expiresIn that is not a number', { body: { token: 'A', expiresIn: 'long' } }, 'malformed'],
    ['404', { status: 404 }, 'status'],
    ['429', { status: 429 }, 'status'],
  ] as const)(
    'makes the call return null without a retry, and is reported: %s',
    async (_name, answer, type) => {
      endpoint.script.push(answer);
      await expect(create()()).resolves.toBeNull();
      expect(endpoint.requests).toHaveLength(1);
      expect(events).toMatchObject([{ type, pauseMs: 5_000 }]);
    },
  );

  it('starts a pause, twice as long each time, with a jitter of up to a quarter', async () => {
    let chance = 0;
    const refreshToken = create({ random: () => chance });
    for (let count = 0; count < 99; count += 1) endpoint.script.push({ status: 500 });
    for (const pauseMs of [5_000, 10_000, 20_000, 40_000, 40_000]) {
      await expect(refreshToken()).resolves.toBeNull();
      expect(events.at(-1)).toEqual({ type: 'status', status: 500, pauseMs });
      const count = endpoint.requests.length;
      await device.pass(pauseMs - 1);
      await expect(refreshToken()).resolves.toBeNull();
      expect(endpoint.requests).toHaveLength(count);
      await device.pass(1);
    }
    // 40 s × (1 + chance ÷ 4), rounded up to a whole millisecond.
    chance = 0.998_765_4;
    await refreshToken();
    expect(events.at(-1)?.pauseMs).toBe(49_988);
  });

  it('does not make later pauses longer after a success', async () => {
    endpoint.script.push({ status: 404 }, tokenAnswer('A', 10, 9), { status: 404 });
    const refreshToken = create();
    await refreshToken();
    await device.pass(5 * SECOND_MS);
    await refreshToken();
    device.sleep(10 * SECOND_MS);
    await refreshToken();
    expect(events.map(({ pauseMs }) => pauseMs)).toEqual([5_000, 0, 5_000]);
  });

  it('of headers starts a pause like any other, and the call returns null and does not reject', async () => {
    const headers = jest.fn<RefreshTokenHeadersFunction>().mockRejectedValue(new Error('storage is locked'));
    const refreshToken = create({ headers });
    await expect(refreshToken()).resolves.toBeNull();
    expect(headers).toHaveBeenCalledTimes(1);
    await expect(refreshToken()).resolves.toBeNull();
    expect(headers).toHaveBeenCalledTimes(1);
    expect(events).toEqual([{ type: 'headers', status: 0, pauseMs: 5_000 }]);
  });

  it.each([
    ['a function', () => () => ({})],
    ['a circular object', () => Object.assign([], { 0: globalThis })],
  ])('of headers that return %s makes the call return null', async (_name, headers) => {
    await expect(
      create({ headers: headers as unknown as RefreshTokenHeadersFunction })(),
    ).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(0);
  });

  it('of a fetch that throws at once makes the call return null', async () => {
    const fetch = (): never => {
      throw new TypeError('bad URL');
    };
    await expect(create({ fetch })()).resolves.toBeNull();
  });

  it('of the listener onEvent does not change the answer', async () => {
    endpoint.script.push(tokenAnswer('A'));
    const onEvent = (): never => {
      throw new Error('log is full');
    };
    await expect(create({ onEvent })()).resolves.toBe('A');
  });
});

describe('Retry-After', () => {
  it.each([429, 503])('of a %i starts a pause of exactly its length, without a retry', async (status) => {
    endpoint.script.push({ status, headers: { 'retry-after': '50' } }, tokenAnswer('A'));
    const refreshToken = create();
    await expect(refreshToken()).resolves.toBeNull();
    expect(events).toEqual([{ type: 'status', status, pauseMs: 50_000 }]);
    await device.pass(50 * SECOND_MS - 1);
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
    await device.pass(1);
    await expect(refreshToken()).resolves.toBe('A');
  });

  it.each([
    ['whole seconds', '120', 120_000],
    ['a date', 'Wed, 21 Oct 2026 07:28:00 GMT', 60_000],
    ['a date that has passed', 'Wed, 21 Oct 2015 07:28:00 GMT', 60_000],
    ['not a number', 'soon', 60_000],
    ['negative', '-5', 60_000],
    ['absurdly long', '99999999', 3_600_000],
    ['a fraction', '1.5', 1_500],
    ['a list', '30, 120', 120_000],
    ['zero', '0', 5_000],
    ['empty', '', 5_000],
  ])('that is %s (%j) starts a pause of %i ms', async (_name, value, pauseMs) => {
    endpoint.script.push({ status: 429, headers: { 'retry-after': value } });
    await create()();
    expect(events.at(-1)?.pauseMs).toBe(pauseMs);
  });

  it('of named throttlers counts, too, and the longest wait applies', async () => {
    const headers = {
      'Retry-After': '2',
      'Retry-After-short': '7',
      'retry-after-long': '70',
      'X-Retry': '900',
    };
    await create({ fetch: async () => new Response('', { status: 429, headers }) })();
    expect(events.at(-1)?.pauseMs).toBe(70_000);
  });

  it('leaves the held token in use', async () => {
    endpoint.script.push(tokenAnswer('A'), { status: 503, headers: { 'retry-after': '50' } });
    const refreshToken = create();
    await refreshToken();
    await device.pass(11 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('A');
    await device.pass(11 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('A');
    expect(endpoint.requests).toHaveLength(2);
  });

  it('of a 401 prevents the second request with renewed headers', async () => {
    const headers = jest.fn<RefreshTokenHeadersFunction>(() => ({ Authorization: 'user' }));
    endpoint.script.push({ status: 401, headers: { 'retry-after': '7' } });
    await create({ headers })();
    expect(endpoint.requests).toHaveLength(1);
    expect(events).toEqual([{ type: 'unauthorized', status: 401, pauseMs: 7_000 }]);
  });
});

describe('the time limit', () => {
  it('is nine seconds: then the request is aborted and the call returns null', async () => {
    const call = create()();
    await device.pass(8_999);
    expect(endpoint.last.isOpen).toBe(true);
    await device.pass(1);
    expect(endpoint.last.isOpen).toBe(false);
    await expect(call).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
    expect(events).toEqual([{ type: 'timeout', status: 0, pauseMs: 5_000 }]);
  });

  it('includes headers and the retry', async () => {
    let giveHeaders = (_headers: Record<string, string>): void => {};
    const headers: RefreshTokenHeadersFunction = () => new Promise((resolve) => (giveHeaders = resolve));
    const refreshToken = create({ headers });
    const call = refreshToken();
    await device.pass(5_000);
    giveHeaders({});
    await device.pass(2_000);
    endpoint.last.answer({ status: 500 });
    await settle();
    giveHeaders({});
    await device.pass(2_000);
    await expect(call).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(2);
  });

  it('can be shortened with timeoutMs', async () => {
    const call = create({ timeoutMs: 1_500 })();
    await device.pass(1_500);
    await expect(call).resolves.toBeNull();
  });

  it('applies to headers that never come, and late headers cause no request', async () => {
    let giveHeaders = (_headers: Record<string, string> | null): void => {};
    const refreshToken = create({ headers: () => new Promise((resolve) => (giveHeaders = resolve)) });
    const call = refreshToken();
    await device.pass(9_000);
    await expect(call).resolves.toBeNull();
    giveHeaders({});
    await settle();
    expect(endpoint.requests).toHaveLength(0);
  });

  it('applies to a body that never ends, and a late body is dropped', async () => {
    let giveBody = (_body: unknown): void => {};
    const fetch = async () => ({
      ok: true,
      status: 200,
      headers: new Headers(),
      json: () => new Promise<unknown>((resolve) => (giveBody = resolve)),
    });
    const refreshToken = create({ fetch });
    const call = refreshToken();
    await device.pass(9_000);
    await expect(call).resolves.toBeNull();
    giveBody(tokenAnswer('late').body);
    await settle();
    await expect(refreshToken()).resolves.toBeNull();
  });
});
