import { describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { NOW_MS, NOW_S, tokenOf, emulatorForEachTest } from '../../../test/support/emulator-client.js';

const client = emulatorForEachTest();

describe('a fault of the layer delay', () => {
  it('issues the token after the wait when the request is slow, and before the wait when the response is slow', async () => {
    client.nudge.setFault(
      { kind: 'latency', latencyMs: 5000, times: 1 },
      { kind: 'latency', latencyMs: 5000, leg: 'response' },
    );
    const there = client.get();
    await client.nudge.untilReceived(1);
    expect(client.nudge.requests).toMatchObject([{ outcome: 'pending' }]);
    client.clock.advance(5000);
    expect(decodeJwt(tokenOf(await there)).iat).toBe(NOW_S + 5);
    expect(client.nudge.requests).toMatchObject([{ outcome: 'answered', durationMs: 5000 }]);

    const back = client.get();
    await client.nudge.untilReceived(2);
    client.clock.advance(5000);
    const seen = await back;
    expect(decodeJwt(tokenOf(seen)).iat).toBe(NOW_S + 5);
    expect(Date.parse(seen.headers.date ?? '')).toBe(NOW_MS + 5000);
  });

  it('records which requests overlapped, and cancels the wait when the client leaves', async () => {
    await client.get();
    client.nudge.setFault({ kind: 'latency', latencyMs: 1000 });
    const first = client.get();
    await client.nudge.untilReceived(2);
    const second = httpRequest(`${client.nudge.url}/clients/jwt/token`, { agent: false }).on(
      'error',
      () => {},
    );
    second.end();
    await client.nudge.untilReceived(3);
    expect(client.nudge.counters.maxConcurrent).toBe(2);
    expect(client.clock.pendingMs.length).toBe(2);
    second.destroy();
    while (client.nudge.requests[2]?.outcome === 'pending') await nextTurn();
    expect(client.clock.pendingMs.length).toBe(1);
    client.clock.advance(1000);
    await first;
    expect(client.nudge.requests.map(({ overlapped }) => overlapped)).toEqual([false, true, true]);
    expect(client.nudge.requests.map(({ outcome }) => outcome)).toEqual([
      'answered',
      'answered',
      'abandoned',
    ]);
  });
});
