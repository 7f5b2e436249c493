import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  FakeAppState,
  FakeBrowser,
  FakeDevice,
  FakeEndpoint,
  settle,
  tokenAnswer,
} from '../../test/client/fake-world.js';
import {
  createRefreshToken,
  type RefreshToken,
  type RefreshTokenEvent,
  type RefreshTokenHeadersFunction,
  type RefreshTokenOptions,
} from './index.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

let device: FakeDevice;
let endpoint: FakeEndpoint;
let events: RefreshTokenEvent[];
let created: RefreshToken[];

const create = (options: Partial<RefreshTokenOptions> = {}): RefreshToken => {
  const refreshToken = createRefreshToken({
    endpoint: '/nudge/token',
    headers: { Authorization: 'Bearer user' },
    fetch: endpoint.fetch,
    clock: device,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  created.push(refreshToken);
  return refreshToken;
};

beforeEach(() => {
  device = new FakeDevice();
  endpoint = new FakeEndpoint();
  events = [];
  created = [];
});

afterEach(() => {
  for (const refreshToken of created) refreshToken.stop();
  expect(device.timers.size).toBe(0);
});

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
    chance = 0.999;
    await refreshToken();
    expect(events.at(-1)?.pauseMs).toBeGreaterThan(49_000);
    expect(events.at(-1)?.pauseMs).toBeLessThan(50_000);
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
