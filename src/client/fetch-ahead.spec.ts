import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  create,
  device,
  endpoint,
  events,
  MINUTE_MS,
  SECOND_MS,
  useFakeDevice,
} from '../../test/client/fake-device.js';
import {
  FakeAppState,
  FakeBrowser,
  FakeEndpoint,
  settle,
  tokenAnswer,
} from '../../test/client/fake-world.js';

useFakeDevice();

describe('fetching ahead', () => {
  it('brings the next token before the held one expires, so that the next call sends no request', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = create();
    await refreshToken();
    await device.pass(3_000 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(2);
    await device.pass(600 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('B');
    expect(endpoint.requests).toHaveLength(2);
  });

  it('stops until the SDK has asked again', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'), tokenAnswer('C'));
    const refreshToken = create();
    await refreshToken();
    await device.pass(24 * 60 * MINUTE_MS);
    expect(endpoint.requests).toHaveLength(2);
    await expect(refreshToken()).resolves.toBe('C');
  });

  it('returns the held token at once while it fetches the next token, which is due', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = create();
    await refreshToken();
    await device.pass(3_000 * SECOND_MS);
    await device.pass(3_100 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('B');
    await settle();
    expect(endpoint.requests).toHaveLength(3);
    await expect(refreshToken()).resolves.toBe('B');
    endpoint.last.answer(tokenAnswer('C'));
    await settle();
    await expect(refreshToken()).resolves.toBe('C');
  });

  it('tries again after a failure less and less often, and stops when the held token expires', async () => {
    endpoint.script.push(tokenAnswer('A', 600, 300));
    const refreshToken = create();
    await refreshToken();
    for (let count = 0; count < 99; count += 1) endpoint.script.push({ status: 500 });
    await device.pass(24 * 60 * MINUTE_MS);
    const pausesMs = events.slice(1).map(({ pauseMs }) => pauseMs);
    expect(pausesMs.slice(0, 5)).toEqual([5_000, 10_000, 20_000, 40_000, 40_000]);
    expect(pausesMs.length).toBeLessThan(12);
  });

  it('waits for half of the life if refreshIn is shorter than that or not a number', async () => {
    for (const refreshIn of [0, -5, 0.001, null, 'soon', undefined]) {
      const own = new FakeEndpoint();
      own.script.push({ body: { token: 'A', expiresIn: 100, refreshIn } }, tokenAnswer('B'));
      const refreshToken = create({ fetch: own.fetch });
      await refreshToken();
      await device.pass(49 * SECOND_MS);
      expect(own.requests).toHaveLength(1);
      await device.pass(31 * SECOND_MS);
      expect(own.requests).toHaveLength(2);
      refreshToken.stop();
    }
  });

  it('sets no timer of 31 bits or more for a token that lives for a year', async () => {
    const yearS = 365 * 24 * 3_600;
    endpoint.script.push(tokenAnswer('A', yearS, yearS * 0.9), tokenAnswer('B', yearS, yearS * 0.9));
    const refreshToken = create();
    await refreshToken();
    await device.pass(yearS * 0.89 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(1);
    await device.pass(yearS * 0.02 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(2);
    expect(Math.max(...device.delaysMs)).toBeLessThan(2 ** 31);
  });
});

describe('in a browser', () => {
  let browser: FakeBrowser;
  beforeEach(() => {
    browser = new FakeBrowser();
  });
  afterEach(() => {
    browser.restore();
  });

  it('fetches nothing ahead while the page is hidden, and fetches as soon as it is shown', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = create();
    await refreshToken();
    browser.hide();
    await device.pass(3_500 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(1);
    browser.show();
    await settle();
    expect(endpoint.requests).toHaveLength(2);
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('fetches when a hidden page calls', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = create();
    await refreshToken();
    browser.hide();
    await device.pass(3_600 * SECOND_MS);
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('fetches a fresh token as soon as the device wakes', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const refreshToken = create();
    await refreshToken();
    device.sleep(8 * 60 * MINUTE_MS);
    browser.show();
    await settle();
    expect(endpoint.requests).toHaveLength(2);
    await expect(refreshToken()).resolves.toBe('B');
  });

  it('ends a pause when the device comes online', async () => {
    const refreshToken = create();
    endpoint.script.push('network error', 'network error');
    await expect(refreshToken()).resolves.toBeNull();
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(2);
    browser.comeOnline();
    endpoint.script.push(tokenAnswer('A'));
    await expect(refreshToken()).resolves.toBe('A');
  });

  it('ends a pause early at most once in 30 seconds, however often the page is shown', async () => {
    for (let count = 0; count < 99; count += 1) endpoint.script.push({ status: 401 });
    const refreshToken = create();
    await refreshToken();
    for (let second = 0; second < 90; second += 1) {
      browser.hide();
      browser.show();
      await refreshToken();
      await device.pass(SECOND_MS);
    }
    expect(endpoint.requests).toHaveLength(4);
  });

  it('does not end a pause that the endpoint asked for', async () => {
    endpoint.script.push({ status: 503, headers: { 'retry-after': '50' } });
    const refreshToken = create();
    await refreshToken();
    browser.hide();
    browser.show();
    browser.comeOnline();
    await expect(refreshToken()).resolves.toBeNull();
    expect(endpoint.requests).toHaveLength(1);
  });

  it('does not end two pauses early within 30 seconds, also when the endpoint asked for a short pause in between', async () => {
    endpoint.script.push({ status: 404 }, { status: 503, headers: { 'retry-after': '1' } }, { status: 404 });
    const refreshToken = create();
    await refreshToken();
    browser.show();
    await refreshToken();
    await device.pass(2 * SECOND_MS);
    await refreshToken();
    browser.show();
    await refreshToken();
    expect(endpoint.requests).toHaveLength(3);
  });

  it('sends no request when the page is shown or online before the SDK has asked', async () => {
    create();
    browser.show();
    browser.comeOnline();
    await device.pass(MINUTE_MS);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('listens from the start to stop(), and again from reset()', () => {
    const refreshToken = create();
    expect(browser.listened).toEqual(['online', 'visibilitychange']);
    refreshToken.stop();
    expect(browser.listened).toEqual([]);
    refreshToken.reset();
    refreshToken.reset();
    expect(browser.listened).toEqual(['online', 'visibilitychange']);
  });
});

describe('in React Native', () => {
  it('fetches nothing ahead in the background, and fetches as soon as the app is in the foreground', async () => {
    endpoint.script.push(tokenAnswer('A'), tokenAnswer('B'));
    const appState = new FakeAppState();
    const refreshToken = create({ appState });
    await refreshToken();
    for (const state of ['inactive', 'background']) appState.change(state);
    await device.pass(3_500 * SECOND_MS);
    expect(endpoint.requests).toHaveLength(1);
    appState.change('active');
    await settle();
    expect(endpoint.requests).toHaveLength(2);
    refreshToken.stop();
    expect(appState.isWatched).toBe(false);
  });
});
