import { describe, expect, it } from '@jest/globals';
import { emulatorForEachTest, NOW_S, tokenOf } from '../../../test/support/emulator-client.js';
import { FAULT_LAYERS, type EmulatorFault, type EmulatorInputError } from '../index.js';

const client = emulatorForEachTest();

describe('setting faults', () => {
  it('keeps a fault until it is cleared, or until it has hit as many requests as its times says', async () => {
    client.nudge.setFault({ kind: 'status', status: 500 });
    expect([await client.statusOf(), await client.statusOf()]).toEqual([500, 500]);
    client.nudge.clearFaults();
    expect(await client.statusOf()).toBe(200);
    client.nudge.setFault({ kind: 'status', status: 502, times: 1 });
    expect([await client.statusOf(), await client.statusOf()]).toEqual([502, 200]);
  });

  it('plays several faults of one layer one after another, and combines faults of different layers', async () => {
    client.nudge.setFault(
      { kind: 'status', status: 500, times: 1 },
      { kind: 'rate-limit', times: 1 },
      { kind: 'no-date', times: 1 },
    );
    const [first, second, third] = [await client.get(), await client.get(), await client.get()];
    expect([first.status, second.status, third.status]).toEqual([500, 429, 200]);
    expect([first.headers.date, typeof second.headers.date]).toEqual([undefined, 'string']);
    expect(client.nudge.requests.map(({ faults }) => faults)).toEqual([
      ['status', 'no-date'],
      ['rate-limit'],
      [],
    ]);
  });

  it('replaces the faults of the same layer and keeps those of other layers', async () => {
    client.nudge.setFault({ kind: 'status', status: 500 });
    client.nudge.setFault({ kind: 'no-date' });
    client.nudge.setFault({ kind: 'status', status: 501 });
    const seen = await client.get();
    expect([seen.status, seen.headers.date]).toEqual([501, undefined]);
    client.nudge.reset();
    expect(client.nudge.state.faults).toEqual([]);
  });

  it('lets a fault hit only the requests that its only matches', async () => {
    client.nudge.setFault(
      { kind: 'status', status: 500, only: { extId: 'ada' } },
      { kind: 'status', status: 501, only: { apiKey: 'second' } },
    );
    expect(await client.statusOf()).toBe(200);
    expect(await client.statusOf('expiryMins=60&extId=ada')).toBe(500);
    expect(await client.statusOf('expiryMins=60', 'second')).toBe(501);
    expect(JSON.stringify(client.nudge.state)).not.toContain('second');
    expect(client.nudge.state.faults[1]?.fault).toMatchObject({
      only: { apiKeyFingerprint: expect.any(String) },
    });
  });

  it('lets a fault hit only the account in its only, and never repeats the token of one account to another', async () => {
    const { nudge: former } = client;
    await former.stop();
    await client.restart({ accounts: { acme: { apiKeys: ['acme-key'] } } });
    const { nudge } = client;
    nudge.setFault({ kind: 'status', status: 500, only: { account: 'acme' } });
    expect([await client.statusOf(), await client.statusOf(undefined, 'acme-key')]).toEqual([200, 500]);
    nudge.clearFaults();
    nudge.setFault({ kind: 'same-token' });
    const tokens = [];
    for (const key of [undefined, 'acme-key', undefined, 'acme-key']) {
      tokens.push(tokenOf(await client.get(undefined, key)));
    }
    expect(tokens.slice(2)).toEqual(tokens.slice(0, 2));
    expect(tokens[0]).not.toBe(tokens[1]);
    expect(() => nudge.setFault({ kind: 'hang', only: { account: 'globex' } })).toThrow(
      'only.account: no account has this name; the accounts are: default, acme',
    );
  });

  it('counts the use of a token fault only on requests that get a token', async () => {
    client.nudge.setFault({ kind: 'garbage-token', times: 1 });
    expect(await client.statusOf('')).toBe(400);
    expect(client.nudge.state.faults).toMatchObject([{ layer: 'token', remaining: 1 }]);
    expect(tokenOf(await client.get())).toBe('this is not a JWT');
    expect((await client.claimsOf()).exp).toBe(NOW_S + 3600);
  });

  it.each<[unknown, RegExp]>([
    [{ kind: 'nonsense' }, /Invalid fault: kind: must be one of latency, status/],
    [{ kind: 'latency' }, /latencyMs/],
    [{ kind: 'latency', latencyMs: -1 }, /latencyMs/],
    [{ kind: 'status', status: 600 }, /status/],
    [{ kind: 'status', status: 500, surprise: 1 }, /surprise/],
    [{ kind: 'status', status: 500, times: 0 }, /times/],
    [
      { kind: 'status', status: 500, retryAfterS: 1, retryAfterText: 'x' },
      /either retryAfterText or retryAfterS/,
    ],
    [{ kind: 'redirect', location: 'http://x/\r\nset-cookie: a' }, /printable ASCII/],
    [{ kind: 'redirect', status: 200 }, /status/],
    [{ kind: 'wrong-json', json: () => 1 }, /json/],
    ['status', /Invalid fault/],
  ])('refuses %j', (fault, message) => {
    expect(() => client.nudge.setFault(fault as EmulatorFault)).toThrow(message);
    expect(client.nudge.state.faults).toEqual([]);
  });

  it('accepts a list as well as several arguments', () => {
    const script: EmulatorFault[] = [{ kind: 'status', status: 500, times: 1 }, { kind: 'rate-limit' }];
    client.nudge.setFault(...script);
    const { faults } = client.nudge.state;
    client.nudge.clearFaults();
    client.nudge.setFault(script);
    expect(client.nudge.state.faults).toEqual(faults);
    client.nudge.setFault([]);
    client.nudge.setFault();
    expect(client.nudge.state.faults).toEqual(faults);
    client.nudge.setFault([{ kind: 'hang' }], { kind: 'no-date' });
    expect(client.nudge.state.faults.map(({ layer }) => layer)).toEqual([
      'answer',
      'answer',
      'transport',
      'date',
    ]);
  });

  it('reports every problem of a list with its path and the accepted values', () => {
    const faults: unknown[] = [
      { kind: 'drop' },
      { kind: 'latency', latency: 1 },
      'canary',
      { kind: 'canary' },
    ];
    let problems: readonly string[] = [];
    try {
      client.nudge.setFault(faults as EmulatorFault[]);
    } catch (error) {
      ({ problems } = error as EmulatorInputError);
    }
    expect(problems).toEqual([
      '1.latencyMs: must be a number',
      '1: unknown field latency; the fields are: kind, latencyMs, leg, times, only',
      '2: must be an object such as {"kind":"status","status":503}',
      `3.kind: must be one of ${Object.keys(FAULT_LAYERS).join(', ')}`,
    ]);
    expect(client.nudge.state.faults).toEqual([]);
  });

  it('refuses a fault that can never be reached', () => {
    const endless: EmulatorFault = { kind: 'status', status: 500 };
    expect(() => client.nudge.setFault(endless, { kind: 'rate-limit' })).toThrow(
      /1: can never be reached.*answer/,
    );
  });
});

it('a fault never hits the JWKS', async () => {
  client.nudge.setFault({ kind: 'status', status: 500 }, { kind: 'drop' });
  expect((await fetch(client.nudge.jwksUrl)).status).toBe(200);
  expect(client.nudge.counters.received).toBe(0);
});
