import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readAnswer, emulatorForEachTest } from '../../../test/support/emulator-client.js';

const client = emulatorForEachTest();

describe('a fault of the layer transport', () => {
  it('drops the connection before the answer', async () => {
    client.nudge.setFault({ kind: 'drop' });
    await expect(client.get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(client.nudge.requests[0]).toMatchObject({ outcome: 'dropped', issuedKid: client.nudge.state.kid });
    expect(client.nudge.counters).toMatchObject({ byStatus: {}, tokensIssued: 1 });
  });

  it('drops the connection in the middle of a body without a length', async () => {
    client.nudge.setFault({ kind: 'drop', when: 'mid-body' });
    const seen = await client.get();
    expect([seen.status, seen.brokenBy]).toEqual([200, 'ECONNRESET']);
    expect(seen.headers['transfer-encoding']).toBe('chunked');
    expect(seen.body.toString()).toMatch(/^\{"token":"[^"]+$/);
  });

  it('announces a longer body than it sends', async () => {
    client.nudge.setFault({ kind: 'truncated-body', missingBytes: 10 });
    const seen = await client.get();
    expect(seen.brokenBy).toBe('ECONNRESET');
    expect(Number(seen.headers['content-length'])).toBe(seen.body.length + 10);
    client.nudge.setFault({ kind: 'truncated-body' }, { kind: 'status', status: 500 });
    expect(await client.get()).toMatchObject({ status: 500, brokenBy: 'ECONNRESET' });
  });

  it('sends an answer without a body unchanged when the fault would cut the body', async () => {
    client.nudge.setFault({ kind: 'drop', when: 'mid-body' }, { kind: 'status', status: 204 });
    expect(await client.statusOf()).toBe(204);
  });

  it('hangs until the emulator is stopped, which does not wait for the hanging request', async () => {
    client.nudge.setFault({ kind: 'hang' });
    const hanging = client.get();
    await client.nudge.untilReceived(1);
    expect(client.nudge.requests).toMatchObject([{ outcome: 'pending' }]);
    await Promise.all([client.nudge.stop(), expect(hanging).rejects.toMatchObject({ code: 'ECONNRESET' })]);
    expect(client.clock.pendingMs.length).toBe(0);
  });

  it('hangs in the middle of a body', async () => {
    client.nudge.setFault({ kind: 'hang', when: 'mid-body' });
    const response = await client.open();
    await once(response, 'readable');
    const half = (response.read() as Buffer).length;
    expect(half).toBe(Math.floor(Number(response.headers['content-length']) / 2));
    const rest = readAnswer(response);
    await client.nudge.stop();
    expect((await rest).brokenBy).toBe('ECONNRESET');
  });

  it('sends the body in small pieces', async () => {
    client.nudge.setFault({ kind: 'slow-body', chunkBytes: 100, intervalMs: 1000 });
    const response = await client.open();
    for (const pieceBytes of [100, 100]) {
      const piece = once(response, 'data');
      client.clock.advance(1000);
      expect(((await piece) as [Buffer])[0]).toHaveLength(pieceBytes);
      expect(client.nudge.requests).toMatchObject([{ outcome: 'pending', status: 200 }]);
    }
    const end = once(response, 'end');
    client.clock.advance(1000);
    await end;
    expect(client.nudge.requests).toMatchObject([{ outcome: 'answered', durationMs: 3000 }]);
  });

  it('stops sending pieces when the client leaves', async () => {
    client.nudge.setFault({ kind: 'slow-body' });
    const response = await client.open();
    expect(client.clock.pendingMs.length).toBe(1);
    response.destroy();
    while (client.nudge.requests[0]?.outcome === 'pending') await nextTurn();
    expect(client.clock.pendingMs.length).toBe(0);
  });
});
