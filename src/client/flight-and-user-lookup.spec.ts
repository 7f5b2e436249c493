import { describe, expect, it } from '@jest/globals';
import { FakeDevice, settle, tokenAnswer } from '../../test/client/fake-world.js';
import { startFlight, type Flight } from './flight.js';
import { holdToken } from './held-token.js';
import type { FetchResponse } from './host.js';
import { startTime } from './time.js';
import { askInTurn } from './user-lookup.js';
import type { User } from './user.js';

const userOf = (identity: string): User => ({
  identity,
  isOpaque: false,
  headers: JSON.stringify({ Authorization: identity }),
});

describe('a flight', () => {
  const answerOf = (status: number): FetchResponse => ({
    ok: status === 200,
    status,
    headers: new Headers(),
    json: async () => tokenAnswer('A').body,
  });

  /** The endpoint answers with these statuses in turn; 0 means no answer. `newest` are the headers after a renewal. */
  const fetchWith = async (statuses: number[], newest = '') => {
    const user = userOf('old');
    const senders: unknown[] = [];
    const ends: unknown[][] = [];
    const held = holdToken();
    const flight = startFlight(
      user,
      held,
      startTime(new FakeDevice(), 9_000),
      async ({ Authorization }) => {
        senders.push(Authorization);
        const status = statuses.shift();
        if (!status) throw new TypeError('Failed to fetch');
        return answerOf(status);
      },
      async () => newest && Object.assign(user, userOf(newest)),
      (...finished) => ends.push(finished),
    );
    await flight.end;
    expect(ends).toHaveLength(1);
    return { held, senders, finished: ends[0] };
  };

  it('keeps the token of the endpoint’s answer', async () => {
    const { held, finished } = await fetchWith([200]);
    expect(finished).toEqual(['token', 200, '', 0]);
    expect(held.isAlive(0)).toBe(true);
  });

  it.each([
    [[0, 0, 200], ['old', 'old'], 'network'],
    [[500, 500, 200], ['old', 'old'], 'status'],
    [[404, 200], ['old'], 'status'],
    [[401, 401, 200], ['old', 'new'], 'unauthorized'],
    [[401, 500, 500, 200], ['old', 'new', 'new'], 'status'],
    [[500, 401, 500, 200], ['old', 'old', 'new'], 'status'],
  ])(
    'with the answers %j sends requests with the headers %j and fails',
    async (statuses, expected, failure) => {
      const { held, senders, finished } = await fetchWith(statuses, 'new');
      expect(senders).toEqual(expected);
      expect(finished?.[0]).toBe(failure);
      expect(held.isAlive(0)).toBe(false);
    },
  );

  it('reports the refused headers', async () => {
    const refused = userOf('old').headers;
    expect((await fetchWith([401])).finished).toEqual(['unauthorized', 401, refused, 0]);
  });

  it('sends no request after abort(), keeps no token, and does not call finish', async () => {
    let count = 0;
    const held = holdToken();
    const time = startTime(new FakeDevice(), 9_000);
    const flight: Flight = startFlight(
      userOf('old'),
      held,
      time,
      async () => {
        count += 1;
        await Promise.resolve();
        flight.abort();
        return answerOf(count === 1 ? 500 : 200);
      },
      undefined,
      () => {
        throw new Error('has finished');
      },
    );
    await flight.end;
    expect(count).toBe(1);
    expect(held.isAlive(0)).toBe(false);
  });
});

describe('the session’s time', () => {
  it('ends every wait at its limit or all at once, and leaves no timer', async () => {
    const device = new FakeDevice();
    const time = startTime(device, 1_000);
    const never = new Promise<string>(() => {});
    const first = time.limit(never);
    await device.pass(1_000);
    await expect(first).resolves.toBe('timeout');
    const others = [time.limit(never), time.limit(never, null), time.limit(Promise.resolve('done'))];
    await settle();
    expect(device.timers.size).toBe(2);
    time.end();
    expect(device.timers.size).toBe(0);
    await expect(Promise.all(others)).resolves.toEqual(['timeout', null, 'done']);
  });
});

describe('user look-ups', () => {
  it('run one after the other, and calls share a look-up that has not begun', async () => {
    const answers: ((user: User | null) => void)[] = [];
    const ask = askInTurn(() => new Promise((resolve) => answers.push(resolve)));
    const first = ask();
    await Promise.resolve();
    const second = ask();
    expect(ask()).toBe(second);
    expect(answers).toHaveLength(1);
    answers[0]?.(userOf('alice'));
    await expect(first).resolves.toMatchObject({ identity: 'alice' });
    await Promise.resolve();
    answers[1]?.(userOf('bob'));
    await expect(second).resolves.toMatchObject({ identity: 'bob' });
  });

  it('for new headers are not shared', async () => {
    const whys: unknown[] = [];
    const ask = askInTurn(async (why) => {
      whys.push(why);
      return null;
    });
    await Promise.all([ask(), ask('unauthorized'), ask()]);
    expect(whys).toEqual([undefined, 'unauthorized']);
  });
});
