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
import { tokenAnswer } from '../../test/client/fake-world.js';
import { type RefreshTokenHeadersFunction } from './index.js';

useFakeDevice();

describe('401 and 403', () => {
  const headersWith = (renewed: Record<string, string> | null) =>
    jest.fn<RefreshTokenHeadersFunction>((why) => (why ? renewed : { Authorization: 'old' }));

  it.each([401, 403])(
    '(here %i) make the client renew the headers and repeat the request once',
    async (status) => {
      const headers = headersWith({ Authorization: 'new' });
      endpoint.script.push({ status }, tokenAnswer('A'));
      await expect(create({ headers })()).resolves.toBe('A');
      expect(headers.mock.calls).toEqual([[undefined], ['unauthorized']]);
      expect(endpoint.requests.map(({ init }) => init.headers.Authorization)).toEqual(['old', 'new']);
    },
  );

  it('that come again after renewed headers start a pause of 30 seconds to 5 minutes', async () => {
    let chance = 0;
    const refreshToken = create({ headers: headersWith({ Authorization: 'new' }), random: () => chance });
    for (let count = 0; count < 99; count += 1) endpoint.script.push({ status: 401 });
    for (const pauseMs of [30_000, 60_000, 120_000, 240_000, 240_000]) {
      const count = endpoint.requests.length;
      await expect(refreshToken()).resolves.toBeNull();
      expect(endpoint.requests).toHaveLength(count + 2);
      expect(events.at(-1)).toEqual({ type: 'unauthorized', status: 401, pauseMs });
      await device.pass(pauseMs);
    }
    chance = 0.999_999;
    await refreshToken();
    expect(events.at(-1)?.pauseMs).toBeLessThanOrEqual(300_000);
    expect(events.at(-1)?.pauseMs).toBeGreaterThan(299_000);
  });

  it('make the client forget the held token', async () => {
    endpoint.script.push(tokenAnswer('A'), { status: 401 });
    const refreshToken = create();
    await refreshToken();
    await device.pass(11 * SECOND_MS);
    await expect(refreshToken()).resolves.toBeNull();
    await expect(refreshToken()).resolves.toBeNull();
  });

  it('cause no second request if the headers are a plain object, which cannot change', async () => {
    endpoint.script.push({ status: 401 });
    await create()();
    expect(endpoint.requests).toHaveLength(1);
  });

  it.each([
    ['returns no headers', async () => null],
    ['fails', () => Promise.reject(new Error('offline'))],
  ])('start a pause and cause no second request if the renewal %s', async (_name, renew) => {
    const headers: RefreshTokenHeadersFunction = (why) => (why ? renew() : { Authorization: 'old' });
    endpoint.script.push({ status: 401 });
    const refreshToken = create({ headers });
    await expect(refreshToken()).resolves.toBeNull();
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
    expect(events).toEqual([{ type: 'unauthorized', status: 401, pauseMs: 30_000 }]);
  });

  it('start the same pause if the renewal of the headers hangs', async () => {
    const headers: RefreshTokenHeadersFunction = (why) =>
      why ? new Promise(() => {}) : { Authorization: 'old' };
    endpoint.script.push({ status: 401 });
    const call = create({ headers })();
    await device.pass(9_000);
    await expect(call).resolves.toBeNull();
    expect(events).toEqual([{ type: 'timeout', status: 401, pauseMs: 30_000 }]);
  });

  it('start a pause that other headers end early, at most once in 30 seconds', async () => {
    let nonce = 0;
    const refreshToken = create({ headers: () => ({ Nonce: `${nonce}` }) });
    for (let count = 0; count < 99; count += 1) endpoint.script.push({ status: 401 });
    await refreshToken();
    expect(endpoint.requests).toHaveLength(2);
    await refreshToken();
    expect(endpoint.requests).toHaveLength(2);
    nonce += 1;
    await refreshToken();
    expect(endpoint.requests).toHaveLength(4);
    for (let second = 0; second < 29; second += 1) {
      nonce += 1;
      await refreshToken();
      await device.pass(SECOND_MS);
    }
    expect(endpoint.requests).toHaveLength(4);
    await device.pass(SECOND_MS);
    nonce += 1;
    await refreshToken();
    expect(endpoint.requests).toHaveLength(6);
  });

  it('start a pause that goes on when headers fail during it', async () => {
    let isBroken = false;
    const headers: RefreshTokenHeadersFunction = () => {
      if (isBroken) throw new Error('storage is locked');
      return { Authorization: 'user' };
    };
    for (let count = 0; count < 9; count += 1) endpoint.script.push({ status: 401 });
    const refreshToken = create({ headers });
    await refreshToken();
    isBroken = true;
    await refreshToken();
    expect(events.at(-1)).toEqual({ type: 'headers', status: 0, pauseMs: 0 });
    isBroken = false;
    await device.pass(29 * SECOND_MS);
    await refreshToken();
    expect(endpoint.requests).toHaveLength(2);
  });

  it('start a pause that ends when the user signs out, so that the same user may sign in again', async () => {
    let headers: Record<string, string> | null = { Authorization: 'user' };
    const refreshToken = create({ headers: () => headers });
    endpoint.script.push({ status: 401 }, { status: 401 }, tokenAnswer('A'));
    await refreshToken();
    headers = null;
    await refreshToken();
    headers = { Authorization: 'user' };
    await expect(refreshToken()).resolves.toBe('A');
  });

  it('start a pause that a sign-out ends: headers that fail after it start a pause of the usual length', async () => {
    let getHeaders: RefreshTokenHeadersFunction = () => ({ Authorization: 'user' });
    const refreshToken = create({ headers: (why) => getHeaders(why) });
    endpoint.script.push({ status: 403 }, { status: 403 });
    await refreshToken();
    getHeaders = () => null;
    await refreshToken();
    getHeaders = () => Promise.reject(new Error('storage is locked'));
    await refreshToken();
    expect(events.map(({ type, pauseMs }) => [type, pauseMs])).toEqual([
      ['unauthorized', 30_000],
      ['headers', 5_000],
    ]);
  });

  it('count separately from other failures, so that their first pause is 30 seconds', async () => {
    endpoint.script.push({ status: 404 }, { status: 404 }, { status: 401 }, { status: 404 });
    const refreshToken = create();
    for (let count = 0; count < 4; count += 1) {
      await refreshToken();
      await device.pass(MINUTE_MS);
    }
    expect(events.map(({ pauseMs }) => pauseMs)).toEqual([5_000, 10_000, 30_000, 5_000]);
  });
});
