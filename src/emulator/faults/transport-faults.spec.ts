import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readAnswer, EmulatorClient } from '../../../test/support/emulator-client.js';
import type { ManualClock } from '../../testing/manual-clock.js';
import type { NudgeEmulator } from '../index.js';

let client: EmulatorClient;
let nudge: NudgeEmulator;
let clock: ManualClock;

beforeEach(async () => {
  client = await EmulatorClient.start();
  ({ nudge, clock } = client);
});

afterEach(() => nudge.stop());

describe('faults of the layer transport', () => {
  it('drops the connection before the answer', async () => {
    nudge.setFault({ kind: 'drop' });
    await expect(client.get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(nudge.requests[0]).toMatchObject({ outcome: 'dropped', issuedKid: nudge.state.kid });
    expect(nudge.counters).toMatchObject({ byStatus: {}, tokensIssued: 1 });
  });

  it('drops the connection in the middle of a body without a length', async () => {
    nudge.setFault({ kind: 'drop', when: 'mid-body' });
    const seen = await client.get();
    expect([seen.status, seen.brokenBy]).toEqual([200, 'ECONNRESET']);
    expect(seen.headers['transfer-encoding']).toBe('chunked');
    expect(seen.body.toString()).toMatch(/^\{"token":"[^"]+$/);
  });

  it('promises a longer body than it sends', async () => {
    nudge.setFault({ kind: 'truncated-body', missingBytes: 10 });
    const seen = await client.get();
    expect(seen.brokenBy).toBe('ECONNRESET');
    expect(Number(seen.headers['content-length'])).toBe(seen.body.length + 10);
    nudge.setFault({ kind: 'truncated-body' }, { kind: 'status', status: 500 });
    expect(await client.get()).toMatchObject({ status: 500, brokenBy: 'ECONNRESET' });
  });

  it('breaks an answer that has no body just by closing it', async () => {
    nudge.setFault({ kind: 'drop', when: 'mid-body' }, { kind: 'status', status: 204 });
    expect(await client.statusOf()).toBe(204);
  });

  it('hangs until it is stopped, which takes no time', async () => {
    nudge.setFault({ kind: 'hang' });
    const hanging = client.get();
    await nudge.untilReceived(1);
    expect(nudge.requests).toMatchObject([{ outcome: 'pending' }]);
    await Promise.all([nudge.stop(), expect(hanging).rejects.toMatchObject({ code: 'ECONNRESET' })]);
    expect(clock.pendingMs.length).toBe(0);
  });

  it('hangs in the middle of a body', async () => {
    nudge.setFault({ kind: 'hang', when: 'mid-body' });
    const response = await client.open();
    await once(response, 'readable');
    const half = (response.read() as Buffer).length;
    expect(half).toBe(Math.floor(Number(response.headers['content-length']) / 2));
    const rest = readAnswer(response);
    await nudge.stop();
    expect((await rest).brokenBy).toBe('ECONNRESET');
  });

  it('sends the body in small pieces', async () => {
    nudge.setFault({ kind: 'slow-body', chunkBytes: 100, intervalMs: 1000 });
    const response = await client.open();
    for (const pieceBytes of [100, 100]) {
      const piece = once(response, 'data');
      clock.advance(1000);
      expect(((await piece) as [Buffer])[0]).toHaveLength(pieceBytes);
      expect(nudge.requests).toMatchObject([{ outcome: 'pending', status: 200 }]);
    }
    const end = once(response, 'end');
    clock.advance(1000);
    await end;
    expect(nudge.requests).toMatchObject([{ outcome: 'answered', durationMs: 3000 }]);
  });

  it('stops sending pieces when the client leaves', async () => {
    nudge.setFault({ kind: 'slow-body' });
    const response = await client.open();
    expect(clock.pendingMs.length).toBe(1);
    response.destroy();
    while (nudge.requests[0]?.outcome === 'pending') await nextTurn();
    expect(clock.pendingMs.length).toBe(0);
  });
});
