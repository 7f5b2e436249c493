import { describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { emulatorForEachTest, NOW_S, tokenOf } from '../../../test/support/emulator-client.js';
import type { EmulatorFault } from '../index.js';

const client = emulatorForEachTest();

describe('a fault of the layer reuse or token', () => {
  it('repeats a token for five minutes, for each user another one', async () => {
    client.nudge.setFault({ kind: 'same-token' });
    const first = tokenOf(await client.get());
    client.clock.advance(300_000 - 1);
    expect(tokenOf(await client.get())).toBe(first);
    expect(tokenOf(await client.get('expiryMins=60&extId=ada'))).not.toBe(first);
    client.clock.advance(1);
    expect(tokenOf(await client.get())).not.toBe(first);
    expect(client.nudge.counters).toMatchObject({ tokensIssued: 4, distinctTokens: 3 });
  });

  it('repeats a faulty token for as long as forMs says, and issues a new one when the fault is set again', async () => {
    const faults: EmulatorFault[] = [
      { kind: 'same-token', forMs: 2000 },
      { kind: 'token-life', lifeS: 5 },
    ];
    client.nudge.setFault(...faults);
    expect((await client.claimsOf()).exp).toBe(NOW_S + 5);
    client.clock.advance(1000);
    expect((await client.claimsOf()).exp).toBe(NOW_S + 5);
    client.nudge.setFault(...faults);
    expect((await client.claimsOf()).exp).toBe(NOW_S + 6);
  });

  it.each<[EmulatorFault, Record<string, unknown>]>([
    [{ kind: 'expired-token' }, { iat: NOW_S - 3660, exp: NOW_S - 60 }],
    [
      { kind: 'expired-token', expiredForS: 0 },
      { iat: NOW_S - 3600, exp: NOW_S },
    ],
    [
      { kind: 'token-life', lifeS: 90 },
      { iat: NOW_S, exp: NOW_S + 90 },
    ],
    [
      { kind: 'aged-token', ageS: 600 },
      { iat: NOW_S - 600, exp: NOW_S + 3000 },
    ],
    [{ kind: 'token-without-exp' }, { iat: NOW_S }],
    [{ kind: 'token-without-iat' }, { exp: NOW_S + 3600 }],
    [
      { kind: 'wrong-claims', claims: { exp: 'tomorrow', sub: 'x' } },
      { iat: NOW_S, exp: 'tomorrow', sub: 'x' },
    ],
  ])('issues a signed token with the claims of %j', async (fault, claims) => {
    client.nudge.setFault(fault);
    const token = tokenOf(await client.get());
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toEqual(claims);
    expect(decodeProtectedHeader(token).kid).toBe(client.nudge.state.kid);
  });

  it('shortens the lives of its tokens from 60 to 30 minutes, whatever expiryMins asks for', async () => {
    client.nudge.setFault({ kind: 'shrinking-life' });
    const lives = [];
    for (const _ of [1, 2, 3, 4, 5]) {
      const { iat = 0, exp = 0 } = await client.claimsOf('expiryMins=1440');
      lives.push((exp - iat) / 60);
    }
    expect(lives).toEqual([60, 50, 40, 30, 30]);
    client.nudge.setFault({ kind: 'shrinking-life', fromMins: 90, toMins: 45, stepMins: 45 });
    expect([(await client.claimsOf()).exp, (await client.claimsOf()).exp]).toEqual([
      NOW_S + 5400,
      NOW_S + 2700,
    ]);
  });

  it('sends a text that is not a JWT and that no key has signed', async () => {
    client.nudge.setFault({ kind: 'garbage-token', token: 'a.b' });
    expect(tokenOf(await client.get())).toBe('a.b');
    expect(client.nudge.requests[0]).not.toHaveProperty('issuedKid');
  });
});
