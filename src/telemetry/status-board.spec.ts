import { describe, expect, it } from '@jest/globals';
import { KEYS_LOST, PRIMARY_REFUSED, RECOVERED, RENEWED } from '../../test/support/sample-events.js';
import { askAndPass, TokenLife, USER_SCOPE } from '../../test/support/token-life.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { ManualClock } from '../testing/manual-clock.js';
import { NudgeAuthEvents } from './events.js';
import { StatusBoard } from './status-board.js';

describe('the status', () => {
  it('is empty before the first request', () => {
    expect(TokenLife.onManualClock().service.status()).toEqual({
      scope: 'client',
      enabled: true,
      canServe: true,
      canRenew: true,
      renewalFailure: undefined,
      hasStore: false,
      heldTokens: 0,
      tokens: [],
      nextAttemptInMs: 0,
      lastSuccessAt: undefined,
      lastFailure: undefined,
      fallbackInUse: false,
      skewMs: undefined,
      storeAvailable: true,
      auditDropped: 0,
      userKeys: { state: 'none' },
    });
  });

  it('has key, age and remaining life of every held token, but in scope user only their number', async () => {
    const life = TokenLife.onManualClock();
    await askAndPass(life, SECOND_MS + 1, { expiryMins: 30 });
    await askAndPass(life, 1);
    const { tokens, lastSuccessAt } = life.service.status();
    expect(tokens).toEqual([
      { expiryMins: 60, keyFingerprint: 'cafe0001', ageMs: 0, remainingMs: HOUR_MS - SECOND_MS - 1 },
      {
        expiryMins: 30,
        keyFingerprint: 'cafe0001',
        ageMs: SECOND_MS + 1,
        remainingMs: 30 * MINUTE_MS - 2 * SECOND_MS - 2,
      },
    ]);
    expect(lastSuccessAt).toBe(life.clock.now().wallMs);

    const users = TokenLife.onManualClock({ options: USER_SCOPE });
    for (const extId of ['ada', 'bob']) await askAndPass(users, 10, { extId });
    expect(users.service.status()).toMatchObject({ scope: 'user', heldTokens: 2, tokens: [] });
  });

  it('has the last failure and the time of the next attempt, and keeps the failure after a recovery', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_UNAVAILABLE', retryAfterMs: 5_000 };
    await askAndPass(life, 1);
    const lastFailure = { code: 'NUDGE_UNAVAILABLE', at: life.clock.now().wallMs };
    expect(life.service.status()).toMatchObject({
      lastFailure,
      nextAttemptInMs: 5_000,
      lastSuccessAt: undefined,
    });
    life.vendor.behaviour = { kind: 'well' };
    await life.clock.advanceAsync(5_000);
    await askAndPass(life);
    expect(life.service.status()).toMatchObject({ lastFailure, nextAttemptInMs: 0, heldTokens: 1 });
  });

  it('keeps the known skew when an answer brings none', () => {
    const events = new NudgeAuthEvents();
    const board = new StatusBoard(events, new ManualClock());
    events.emit({ ...RENEWED, skewMs: -700 });
    events.emit({ ...RENEWED, skewMs: undefined });
    expect(board.summary.skewMs).toBe(-700);
  });

  it('has the key in use, the state of the store, and the last failure of a spent budget', () => {
    const events = new NudgeAuthEvents();
    const board = new StatusBoard(events, new ManualClock());
    events.emit({ type: 'key-in-use', role: 'fallback', keyFingerprint: 'f0' });
    events.emit({ type: 'store-lost', operation: 'read', reason: 'timeout' });
    events.emit({ type: 'budget-spent', waiting: 1, retryInMs: 1 });
    expect(board.summary).toMatchObject({
      fallbackInUse: true,
      storeAvailable: false,
      lastFailure: { code: 'NUDGE_RATE_LIMITED' },
    });
    events.emit({ type: 'key-in-use', role: 'primary', keyFingerprint: 'f1' });
    events.emit({ type: 'store-back' });
    for (const event of [
      RECOVERED,
      PRIMARY_REFUSED,
      { type: 'invalidated' },
      { type: 'paused', forMs: 1 },
    ] as const) {
      events.emit(event);
    }
    expect(board.summary).toMatchObject({ fallbackInUse: false, storeAvailable: true });
  });

  it('has whether the keys of users can be fetched, and if not since when and why', () => {
    const events = new NudgeAuthEvents();
    const clock = new ManualClock();
    const board = new StatusBoard(events, clock, { hasJwks: true });
    expect(board.summary.userKeys).toEqual({ state: 'available' });
    events.emit(KEYS_LOST);
    const since = clock.now().wallMs;
    clock.advance(MINUTE_MS);
    expect(board.summary.userKeys).toEqual({ state: 'unavailable', reason: 'status', since });
    events.emit({ type: 'user-keys-back' });
    expect(board.summary.userKeys).toEqual({ state: 'available' });
  });
});
