import { describe, expect, it } from '@jest/globals';
import { tokenAnswer } from '../../test/client/fake-world.js';
import { Flight } from './flight.js';
import { HeldToken } from './held-token.js';
import type { FetchResponse } from './host.js';
import { Pause } from './pause.js';
import { UserLookup } from './user-lookup.js';
import type { User } from './user.js';

const SECOND_MS = 1_000;

describe('HeldToken', () => {
  const heldAt = (sentAt: number, expiresIn = 60, refreshIn = 45): HeldToken => {
    const held = new HeldToken();
    held.keep({ token: 'A', expiresIn, refreshIn }, sentAt);
    return held;
  };

  it('gives its token until it expires', () => {
    const held = heldAt(1_000);
    expect(held.give(60_999, false)).toBe('A');
    expect(held.give(61_000, false)).toBeNull();
  });

  it('has no successor due before it was taken, nor after it was dropped', () => {
    const held = heldAt(0);
    expect(held.refreshAt).toBe(Infinity);
    held.give(0, false);
    expect(held.refreshAt).toBe(45 * SECOND_MS);
    held.drop();
    expect(held.refreshAt).toBe(Infinity);
    expect(held.isAlive(0)).toBe(false);
  });

  it('counts as refused ten seconds after it was first given or last confirmed', () => {
    const held = heldAt(0);
    held.give(0, false);
    held.give(9 * SECOND_MS, false);
    expect(held.isRefused(10 * SECOND_MS + 1)).toBe(true);
    held.give(11 * SECOND_MS, true);
    expect(held.isRefused(21 * SECOND_MS)).toBe(false);
  });

  it('may be fetched anew for a refusal once a minute', () => {
    const held = heldAt(0);
    expect([held.mayForce(1), held.mayForce(60_000), held.mayForce(60_001)]).toEqual([true, false, true]);
  });
});

describe('Pause', () => {
  it('grows with failures of one kind, and begins anew with another or after a success', () => {
    const pause = new Pause();
    const lengthsMs = [pause.begin(0, 0), pause.begin(10_000, 0), pause.begin(100_000, 0, 'headers')];
    pause.forgetFailures();
    lengthsMs.push(pause.begin(500_000, 0, 'headers'));
    expect(lengthsMs).toEqual([5_000, 10_000, 30_000, 30_000]);
  });

  it('goes on as it is when another failure falls into it', () => {
    const pause = new Pause();
    pause.begin(0, 0);
    expect(pause.begin(1, 0, 'headers')).toBe(0);
    expect(pause.until).toBe(5_000);
  });

  it('for refused headers lets others through, once in 30 seconds', () => {
    const pause = new Pause();
    pause.begin(0, 0, 'old');
    expect([pause.isDeaf(1), pause.allows(1, 'old'), pause.allows(1, 'new')]).toEqual([false, false, true]);
    pause.begin(2, 0, 'new');
    expect([pause.allows(3, 'newer'), pause.allows(30_001, 'newer')]).toEqual([false, true]);
  });

  it('that the endpoint asked for is not ended early', () => {
    const pause = new Pause();
    pause.begin(0, 0, '', 50_000);
    expect([pause.endEarly(49_999), pause.isDeaf(49_999), pause.allows(50_000, 'any')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

const userOf = (identity: string): User => ({
  identity,
  isOpaque: false,
  headers: { Authorization: identity },
  headersKey: identity,
});

describe('Flight', () => {
  const answerOf = (status: number): FetchResponse => ({
    ok: status === 200,
    status,
    headers: { get: () => null },
    json: async () => tokenAnswer('A').body,
  });

  /** The statuses are answered in turn; 0 is no answer at all. */
  const fly = async (statuses: number[], renewed: User | null = null) => {
    const senders: string[] = [];
    const flight = new Flight(
      userOf('old'),
      async ({ identity }) => {
        senders.push(identity);
        const status = statuses.shift();
        if (!status) throw new TypeError('Failed to fetch');
        return answerOf(status);
      },
      async () => renewed,
    );
    await flight.run(() => 7);
    return { flight, senders };
  };

  it('brings what the endpoint answered, and when it was asked', async () => {
    const { flight } = await fly([200]);
    expect(flight.failure).toBeUndefined();
    expect(flight).toMatchObject({ status: 200, sentAt: 7, answer: { token: 'A' } });
  });

  it.each([
    [[0, 0, 200], ['old', 'old'], 'network'],
    [[500, 500, 200], ['old', 'old'], 'status'],
    [[404, 200], ['old'], 'status'],
    [[401, 401, 200], ['old', 'new'], 'unauthorized'],
    [[401, 500, 500, 200], ['old', 'new', 'new'], 'status'],
  ])('of answers %j sends the headers of %j, and then fails', async (statuses, senders, failure) => {
    const flown = await fly(statuses, userOf('new'));
    expect(flown.senders).toEqual(senders);
    expect(flown.flight.failure).toBe(failure);
  });

  it('sends nothing more once it is aborted', async () => {
    let count = 0;
    const flight = new Flight(userOf('old'), async () => {
      count += 1;
      flight.abort();
      return answerOf(500);
    });
    await flight.run(() => 0);
    expect(count).toBe(1);
  });
});

describe('UserLookup', () => {
  it('asks one question after the other, and shares the next one between those who wait for it', async () => {
    const answers: ((user: User | null) => void)[] = [];
    const lookup = new UserLookup(() => new Promise((resolve) => answers.push(resolve)));
    const first = lookup.ask();
    await Promise.resolve();
    const second = lookup.ask();
    expect(lookup.ask()).toBe(second);
    expect(answers).toHaveLength(1);
    answers[0]?.(userOf('alice'));
    await expect(first).resolves.toMatchObject({ identity: 'alice' });
    await Promise.resolve();
    answers[1]?.(userOf('bob'));
    await expect(second).resolves.toMatchObject({ identity: 'bob' });
  });
});
