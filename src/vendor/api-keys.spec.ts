import { describe, expect, it } from '@jest/globals';
import { askAndPass, TokenLife } from '../../test/support/token-life.js';
import { Deadline } from '../common/deadline.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { Secret } from '../common/secret.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ApiKeys, type ApiKeyProvider } from './api-keys.js';

const PRIMARY = 'obviously-fake-primary-key';
const ROTATED = 'obviously-fake-rotated-key';
const FALLBACK = 'obviously-fake-fallback-key';

function keysWith(primary: ApiKeyProvider, fallback?: ApiKeyProvider) {
  const clock = new ManualClock();
  const events = new NudgeAuthEvents();
  const emitted: NudgeAuthEvent[] = [];
  events.subscribe((event) => emitted.push(event));
  const keys = new ApiKeys({ primary, fallback }, events, clock);
  return {
    clock,
    emitted,
    /** Tries the keys as a call to the vendor does. The vendor accepts the given ones. */
    call: async (...good: string[]): Promise<string[]> => {
      const tried: string[] = [];
      for await (const candidate of keys.candidates(new Deadline(clock, 7_000))) {
        tried.push(candidate.key.reveal());
        if (good.includes(candidate.key.reveal())) {
          keys.accepted(candidate);
          break;
        }
        keys.refused(candidate);
      }
      return tried;
    },
  };
}

describe('the API keys', () => {
  it('are read before every call, and once more after a refusal', async () => {
    let reads = 0;
    const { call } = keysWith(() => {
      reads += 1;
      return Promise.resolve(PRIMARY);
    });
    expect(await call(PRIMARY)).toEqual([PRIMARY]);
    expect(await call(PRIMARY)).toEqual([PRIMARY]);
    expect(reads).toBe(2);
    expect(await call()).toEqual([PRIMARY]);
    expect(reads).toBe(4);
  });

  it('are noticed when they are rotated, even between two reads of one call', async () => {
    const answers = [PRIMARY, ROTATED];
    const { call, emitted } = keysWith(() => answers.shift() ?? ROTATED);
    expect(await call(ROTATED)).toEqual([PRIMARY, ROTATED]);
    expect(await call(ROTATED)).toEqual([ROTATED]);
    expect(emitted).toEqual([
      { type: 'key-refused', role: 'primary', keyFingerprint: new Secret(PRIMARY).fingerprint },
    ]);
  });

  it('switch to the fallback with an event, and try the first key again after five minutes', async () => {
    const { call, clock, emitted } = keysWith(new Secret(PRIMARY), new Secret(FALLBACK));
    expect(await call(FALLBACK)).toEqual([PRIMARY, FALLBACK]);
    expect(emitted.map((event) => event.type)).toEqual(['key-refused', 'key-in-use']);
    await clock.advanceAsync(5 * MINUTE_MS - 1);
    expect(await call(FALLBACK)).toEqual([FALLBACK]);
    await clock.advanceAsync(1);
    expect(await call(PRIMARY)).toEqual([PRIMARY]);
    expect(emitted.at(-1)).toEqual({
      type: 'key-in-use',
      role: 'primary',
      keyFingerprint: new Secret(PRIMARY).fingerprint,
    });
    expect(await call(PRIMARY)).toEqual([PRIMARY]);
    expect(emitted).toHaveLength(3);
  });

  it('try a new first key at once, even if the old one was refused a moment ago', async () => {
    let primary = PRIMARY;
    const { call } = keysWith(() => primary, new Secret(FALLBACK));
    await call(FALLBACK);
    primary = ROTATED;
    expect(await call(ROTATED)).toEqual([ROTATED]);
  });

  it('try the first key again if the fallback is refused too', async () => {
    const { call } = keysWith(new Secret(PRIMARY), new Secret(FALLBACK));
    expect(await call()).toEqual([PRIMARY, FALLBACK]);
    expect(await call()).toEqual([FALLBACK, PRIMARY]);
    expect(await call(PRIMARY)).toEqual([FALLBACK, PRIMARY]);
    expect(await call(PRIMARY)).toEqual([PRIMARY]);
  });

  it('try a single key at every call', async () => {
    const { call } = keysWith(new Secret(PRIMARY));
    expect(await call()).toEqual([PRIMARY]);
    expect(await call()).toEqual([PRIMARY]);
  });

  it('switch to the fallback if the first key cannot be read after its refusal', async () => {
    let reads = 0;
    const primary = (): string => {
      reads += 1;
      if (reads > 1) throw new Error('the secret manager is down');
      return PRIMARY;
    };
    expect(await keysWith(primary, new Secret(FALLBACK)).call(FALLBACK)).toEqual([PRIMARY, FALLBACK]);
  });
});

describe('a rotation of the key', () => {
  it('throws no good token away: each token is renewed in its turn, and no caller waits', async () => {
    const life = TokenLife.onManualClock({ options: { cache: { rotateAfterMs: 10 * MINUTE_MS } } });
    const lifetimes = [30, 40, 60].map((expiryMins) => ({ expiryMins }));
    for (const request of lifetimes) await askAndPass(life, 10, request);
    life.vendor.keyFingerprint = 'cafe0002';
    await life.clock.advanceAsync(MINUTE_MS);
    for (const request of lifetimes)
      expect(await askAndPass(life, 10, request)).toMatchObject({ waitedMs: 0 });
    // No call has been made with the new key yet, so the cache does not know it.
    expect(life.calls).toHaveLength(3);

    await askAndPass(life, 10, { expiryMins: 50 });
    for (const request of lifetimes) {
      expect(await askAndPass(life, 10, request)).toMatchObject({ error: undefined, waitedMs: 0 });
    }
    expect(life.calls).toHaveLength(7);
    expect(new Set(life.service.status().tokens.map(({ keyFingerprint }) => keyFingerprint))).toEqual(
      new Set(['cafe0002']),
    );
  });

  it('that is repeated to and fro does not cause endless renewals', async () => {
    const life = TokenLife.onManualClock({ options: { cache: { rotateAfterMs: 7 * MINUTE_MS } } });
    for (let second = 0; second < 300; second += 1) {
      life.vendor.keyFingerprint = second % 2 === 0 ? 'cafe0001' : 'cafe0002';
      await askAndPass(life, SECOND_MS, { expiryMins: second % 2 === 0 ? 30 : 60 });
    }
    expect(life.calls.length).toBeLessThanOrEqual(2 * (300 / 30));
  });

  it('waits while the vendor fails: the tokens of the old key stay in use', async () => {
    const life = TokenLife.onManualClock();
    const { token } = await askAndPass(life);
    life.vendor.keyFingerprint = 'cafe0002';
    await askAndPass(life, 31 * SECOND_MS, { expiryMins: 30 });
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_CREDENTIALS_REJECTED' };
    for (let minute = 0; minute < 50; minute += 1) {
      expect((await askAndPass(life, MINUTE_MS)).token).toBe(token);
    }
    expect(life.calls.length).toBeLessThanOrEqual(2 + 51);
  });
});
