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
import { settle, tokenAnswer } from '../../test/client/fake-world.js';
import { type RefreshToken, type RefreshTokenHeadersFunction } from './index.js';

useFakeDevice();

describe('reset()', () => {
  it('forgets the former user, and answers the call under way with null', async () => {
    const refreshToken = create();
    endpoint.script.push(tokenAnswer('A'));
    await refreshToken();
    device.sleep(3_600 * SECOND_MS);
    const late = refreshToken();
    await settle();
    const request = endpoint.last;
    refreshToken.reset();
    await expect(late).resolves.toBeNull();
    expect(request.isOpen).toBe(false);

    endpoint.script.push(tokenAnswer('B'));
    await expect(refreshToken()).resolves.toBe('B');
    expect(events.map(({ type }) => type)).toEqual(['token', 'token']);
  });

  it('drops an answer that has arrived but was not yet returned', async () => {
    const refreshToken = create();
    const late = refreshToken();
    await settle();
    endpoint.last.answer(tokenAnswer('A'));
    await Promise.resolve();
    refreshToken.reset();
    await expect(late).resolves.toBeNull();
    endpoint.script.push(tokenAnswer('B'));
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('drops an answer that could not be aborted', async () => {
    const answers: ((token: string) => void)[] = [];
    const fetch = () =>
      new Promise<Response>((resolve) => {
        answers.push((token) => resolve(Response.json(tokenAnswer(token).body)));
      });
    const refreshToken = create({ fetch });
    const late = refreshToken();
    await settle();
    refreshToken.reset();
    const call = refreshToken();
    await settle();
    answers[0]?.('A');
    answers[1]?.('B');
    await expect(late).resolves.toBeNull();
    await expect(call).resolves.toBe('B');
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('ends every pause', async () => {
    const refreshToken = create();
    endpoint.script.push({ status: 401 }, tokenAnswer('B'));
    await expect(refreshToken()).resolves.toBeNull();
    refreshToken.reset();
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('sends no request', async () => {
    create().reset();
    await device.pass(MINUTE_MS);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('may be called from within headers', async () => {
    let isFirst = true;
    const refreshToken: RefreshToken = create({
      headers: () => {
        if (isFirst) refreshToken.reset();
        isFirst = false;
        return { Authorization: 'user' };
      },
    });
    await expect(refreshToken()).resolves.toBeNull();
    endpoint.script.push(tokenAnswer('A'));
    await expect(refreshToken()).resolves.toBe('A');
    expect(endpoint.requests).toHaveLength(1);
  });
});

describe('stop()', () => {
  it('signs out: the client sends no request and holds no token until reset()', async () => {
    const refreshToken = create();
    endpoint.script.push(tokenAnswer('A'));
    await refreshToken();
    refreshToken.stop();
    refreshToken.stop();
    await expect(refreshToken()).resolves.toBeNull();
    await device.pass(24 * 60 * MINUTE_MS);
    expect(endpoint.requests).toHaveLength(1);
    expect(device.timers.size).toBe(0);

    refreshToken.reset();
    endpoint.script.push(tokenAnswer('B'));
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('keeps the call under way from asking for headers again', async () => {
    const headers = jest.fn<RefreshTokenHeadersFunction>(() => ({ Authorization: 'user' }));
    const refreshToken = create({ headers });
    const call = refreshToken();
    await settle();
    refreshToken.stop();
    await expect(call).resolves.toBeNull();
    await settle();
    expect(headers).toHaveBeenCalledTimes(1);
    expect(events).toEqual([]);
  });

  it('keeps a call from asking for headers if it comes right after the call', async () => {
    const headers = jest.fn<RefreshTokenHeadersFunction>(() => ({ Authorization: 'user' }));
    const refreshToken = create({ headers });
    const call = refreshToken();
    refreshToken.stop();
    await expect(call).resolves.toBeNull();
    await settle();
    expect(headers).not.toHaveBeenCalled();
  });
});

it('the client passes no token and no header to its listener', async () => {
  const refreshToken = create({ headers: () => ({ Authorization: 'canary-header' }) });
  endpoint.script.push(
    tokenAnswer('canary-token', 60, 45),
    'network error',
    { status: 401 },
    { status: 401 },
  );
  await refreshToken();
  await device.pass(MINUTE_MS);
  expect(events.length).toBeGreaterThan(1);
  expect(JSON.stringify(events)).not.toContain('canary');
});
