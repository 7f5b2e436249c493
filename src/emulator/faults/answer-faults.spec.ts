import { describe, expect, it } from '@jest/globals';
import { EMULATOR_KEY, emulatorForEachTest } from '../../../test/support/emulator-client.js';
import type { EmulatorFault } from '../index.js';

const client = emulatorForEachTest();

describe('a fault of the layer answer', () => {
  it('answers any status, also to a request with a wrong key and wrong parameters', async () => {
    client.nudge.setFault({ kind: 'status', status: 503, message: 'maintenance' });
    const seen = await client.get('', 'unknown key');
    expect([seen.status, JSON.parse(seen.body.toString())]).toEqual([503, { message: 'maintenance' }]);
    expect(seen.headers['retry-after']).toBeUndefined();
    client.nudge.setFault({ kind: 'status', status: 204 });
    const empty = await client.get();
    expect([empty.status, empty.body.length, empty.headers['content-length']]).toEqual([204, 0, undefined]);
    expect(client.nudge.counters.tokensIssued).toBe(0);
  });

  it.each<[EmulatorFault, number, string]>([
    [{ kind: 'rate-limit' }, 429, '60'],
    [{ kind: 'rate-limit', retryAfterS: 5 }, 429, '5'],
    [{ kind: 'rate-limit', retryAfterText: 'soon' }, 429, 'soon'],
    [{ kind: 'status', status: 503, retryAfterS: -1 }, 503, '-1'],
    [
      { kind: 'status', status: 503, retryAfterS: 90, retryAfterForm: 'http-date' },
      503,
      'Thu, 01 Jan 2026 12:01:30 GMT',
    ],
  ])('sends the Retry-After of the fault: %j', async (fault, status, retryAfter) => {
    client.nudge.setFault(fault);
    const seen = await client.get();
    expect([seen.status, seen.headers['retry-after']]).toEqual([status, retryAfter]);
  });

  it('redirects, by default to a route that records whether the client sent the key there', async () => {
    client.nudge.setFault({ kind: 'redirect' });
    const response = await fetch(`${client.nudge.url}/clients/jwt/token?expiryMins=60`, {
      headers: { apikey: EMULATOR_KEY },
    });
    expect([response.redirected, response.status]).toEqual([true, 200]);
    expect(await response.text()).not.toContain('token"');
    expect(client.nudge.counters.keysSeenElsewhere).toBe(1);
    expect(client.nudge.requests[1]).toMatchObject({
      path: '/redirect-target',
      apiKeyFingerprint: expect.any(String),
    });

    client.nudge.setFault({ kind: 'redirect', status: 307, location: 'https://elsewhere.invalid/' });
    const seen = await client.get();
    expect([seen.status, seen.headers.location]).toEqual([307, 'https://elsewhere.invalid/']);
  });

  it('refuses with an HTML page, as a firewall does', async () => {
    client.nudge.setFault({ kind: 'firewall', times: 1 }, { kind: 'firewall', status: 401 });
    const seen = await client.get();
    expect([seen.status, seen.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(seen.body.toString()).toMatch(/^<!DOCTYPE html>/);
    expect(await client.statusOf()).toBe(401);
  });
});
