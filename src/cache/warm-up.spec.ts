import { describe, expect, it } from '@jest/globals';
import { askAndPass, TokenLife } from '../../test/support/token-life.js';
import type { NudgeAuthErrorCode } from '../common/errors.js';
import { warmUp } from './warm-up.js';

function firstTokenOf({ cache }: TokenLife): () => Promise<unknown> {
  return async () => cache.getToken({ expiryMins: 60 });
}

describe('warming up', () => {
  it('fetches the token that the first caller gets', async () => {
    const life = TokenLife.onManualClock();
    const warm = warmUp(firstTokenOf(life), life.clock);
    await life.clock.advanceAsync(10);
    await warm;
    expect(await askAndPass(life, 0)).toMatchObject({ error: undefined, waitedMs: 0 });
    expect(life.calls).toHaveLength(1);
    expect(life.clock.pendingMs).toEqual([]);
  });

  it('fails when the vendor itself refuses every key', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code: 'NUDGE_CREDENTIALS_REJECTED' };
    const failed = expect(warmUp(firstTokenOf(life), life.clock)).rejects.toMatchObject({
      code: 'NUDGE_CREDENTIALS_REJECTED',
    });
    await life.clock.advanceAsync(10);
    await failed;
  });

  it.each<NudgeAuthErrorCode>([
    'NUDGE_RATE_LIMITED',
    'NUDGE_UNAVAILABLE',
    'NUDGE_TIMEOUT',
    'NUDGE_BAD_RESPONSE',
  ])('does not fail for %s', async (code) => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'failing', code };
    const warm = warmUp(firstTokenOf(life), life.clock);
    await life.clock.advanceAsync(10);
    await expect(warm).resolves.toBeUndefined();
  });

  it('delays the boot by at most five seconds', async () => {
    const life = TokenLife.onManualClock();
    life.vendor.behaviour = { kind: 'hanging' };
    let isOver = false;
    const warm = warmUp(firstTokenOf(life), life.clock).finally(() => (isOver = true));
    await life.clock.advanceAsync(4_999);
    expect(isOver).toBe(false);
    await life.clock.advanceAsync(1);
    await warm;
    await life.clock.advanceAsync(2_000);
    expect(life.clock.pendingMs).toEqual([]);
  });
});
