import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { NOW_S, tokenOf, EmulatorClient } from '../../../test/support/emulator-client.js';
import type { ManualClock } from '../../testing/manual-clock.js';
import type { NudgeEmulator, EmulatorFault } from '../index.js';

let client: EmulatorClient;
let nudge: NudgeEmulator;
let clock: ManualClock;

beforeEach(async () => {
  client = await EmulatorClient.start();
  ({ nudge, clock } = client);
});

afterEach(() => nudge.stop());

describe('faults of the layers reuse and token', () => {
  it('repeats a token for five minutes, each user their own', async () => {
    nudge.setFault({ kind: 'same-token' });
    const first = tokenOf(await client.get());
    clock.advance(300_000 - 1);
    expect(tokenOf(await client.get())).toBe(first);
    expect(tokenOf(await client.get('expiryMins=60&extId=ada'))).not.toBe(first);
    clock.advance(1);
    expect(tokenOf(await client.get())).not.toBe(first);
    expect(nudge.counters).toMatchObject({ tokensIssued: 4, distinctTokens: 3 });
  });

  it('repeats a faulty token for as long as it says, and begins anew when it is set anew', async () => {
    const faults: EmulatorFault[] = [
      { kind: 'same-token', forMs: 2000 },
      { kind: 'token-life', lifeS: 5 },
    ];
    nudge.setFault(...faults);
    expect((await client.claimsOf()).exp).toBe(NOW_S + 5);
    clock.advance(1000);
    expect((await client.claimsOf()).exp).toBe(NOW_S + 5);
    nudge.setFault(...faults);
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
  ])('%j', async (fault, claims) => {
    nudge.setFault(fault);
    const token = tokenOf(await client.get());
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toEqual(claims);
    expect(decodeProtectedHeader(token).kid).toBe(nudge.state.kid);
  });

  it('lets lives shrink from 60 to 30 minutes, whatever is asked for', async () => {
    nudge.setFault({ kind: 'shrinking-life' });
    const lives = [];
    for (const _ of [1, 2, 3, 4, 5]) {
      const { iat = 0, exp = 0 } = await client.claimsOf('expiryMins=1440');
      lives.push((exp - iat) / 60);
    }
    expect(lives).toEqual([60, 50, 40, 30, 30]);
    nudge.setFault({ kind: 'shrinking-life', fromMins: 90, toMins: 45, stepMins: 45 });
    expect([(await client.claimsOf()).exp, (await client.claimsOf()).exp]).toEqual([
      NOW_S + 5400,
      NOW_S + 2700,
    ]);
  });

  it('sends garbage, which no key has signed', async () => {
    nudge.setFault({ kind: 'garbage-token', token: 'a.b' });
    expect(tokenOf(await client.get())).toBe('a.b');
    expect(nudge.requests[0]).not.toHaveProperty('issuedKid');
  });
});
