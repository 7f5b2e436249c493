import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { NOW_MS, NOW_S, tokenOf, emulatorForEachTest } from '../../../test/support/emulator-client.js';

const client = emulatorForEachTest();

describe('a fault of the layer clock or date', () => {
  it.each([-3_600_000, 3_600_000])('moves all times in an answer by %d ms', async (offsetMs) => {
    client.nudge.setFault({ kind: 'wrong-clock', offsetMs });
    const seen = await client.get();
    expect(Date.parse(seen.headers.date ?? '')).toBe(NOW_MS + offsetMs);
    expect(decodeJwt(tokenOf(seen))).toEqual({
      iat: NOW_S + offsetMs / 1000,
      exp: NOW_S + 3600 + offsetMs / 1000,
    });
    client.nudge.setFault({ kind: 'rate-limit', retryAfterS: 10, retryAfterForm: 'http-date' });
    expect(Date.parse((await client.get()).headers['retry-after'] ?? '')).toBe(NOW_MS + offsetMs + 10_000);
  });

  it('leaves out the Date header', async () => {
    client.nudge.setFault({ kind: 'no-date' });
    expect((await client.get()).headers).not.toHaveProperty('date');
  });

  it('sends the old Date of a cache, with and without an Age header', async () => {
    client.nudge.setFault(
      { kind: 'cached-date', ageS: 120, times: 1 },
      { kind: 'cached-date', ageS: 120, ageHeader: false },
    );
    const [honest, lying] = [await client.get(), await client.get()];
    expect(honest.headers).toMatchObject({ date: 'Thu, 01 Jan 2026 11:58:00 GMT', age: '120' });
    expect(lying.headers).toMatchObject({ date: 'Thu, 01 Jan 2026 11:58:00 GMT' });
    expect(lying.headers).not.toHaveProperty('age');
    expect(decodeJwt(tokenOf(honest)).iat).toBe(NOW_S);
  });
});
