import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { NudgeEmulator } from '../index.js';

const KEY = 'canary-private-key';

let nudge: NudgeEmulator;

beforeEach(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
});

afterEach(() => nudge.stop());

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${nudge.adminUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

const token = (apikey = KEY) =>
  fetch(`${nudge.url}/clients/jwt/token?expiryMins=60`, { headers: { apikey } }).then(({ status }) => status);

describe('the admin routes', () => {
  it('show the emulator’s state, log and counters, and do not count their own calls', async () => {
    await token();
    expect(await call('GET', '/state')).toEqual({ status: 200, json: nudge.state });
    expect(await call('GET', '/counters')).toEqual({ status: 200, json: nudge.counters });
    const { json } = await call('GET', '/requests');
    expect(json).toEqual({ requests: nudge.requests });
    expect(nudge.requests).toHaveLength(1);
    expect(JSON.stringify([json, nudge.state])).not.toContain('canary');
  });

  it('set, replace, list and clear faults with the same fields as in code', async () => {
    const script = [{ kind: 'status', status: 500, times: 1 }, { kind: 'rate-limit' }];
    const { json } = await call('POST', '/faults', script);
    expect(json).toEqual({
      faults: [
        { layer: 'answer', remaining: 1, fault: script[0] },
        { layer: 'answer', fault: script[1] },
      ],
    });
    expect([await token(), await token()]).toEqual([500, 429]);

    await call('POST', '/faults', { kind: 'no-date' });
    expect(nudge.state.faults).toHaveLength(2);
    await call('PUT', '/faults', { kind: 'firewall' });
    expect(await call('GET', '/faults')).toEqual({
      status: 200,
      json: { faults: [{ layer: 'answer', fault: { kind: 'firewall' } }] },
    });
    expect(await call('DELETE', '/faults')).toEqual({ status: 200, json: { faults: [] } });
    expect(await token()).toBe(200);
  });

  it('rotate keys, switch short-lived tokens off, and reset', async () => {
    const { kid } = nudge.state;
    expect((await call('PUT', '/api-keys', { apiKeys: ['canary-second'] })).status).toBe(200);
    expect([await token(), await token('canary-second')]).toEqual([401, 200]);
    await call('PUT', '/enabled', { enabled: false });
    expect(await token('canary-second')).toBe(403);

    const published = async () =>
      ((await (await fetch(nudge.jwksUrl)).json()) as { keys: { kid: string }[] }).keys.map((key) => key.kid);
    expect(await call('POST', '/signing-key')).toEqual({ status: 200, json: { kid: nudge.state.kid } });
    expect(await published()).toEqual([kid, nudge.state.kid]);
    await call('POST', '/signing-key', { withdrawOld: true });
    expect(await published()).toEqual([nudge.state.kid]);

    expect((await call('POST', '/reset')).json).toMatchObject({ enabled: false });
    expect(nudge.counters.received).toBe(0);
  });

  it('change only the account whose name is given', async () => {
    await nudge.stop();
    const accounts = { acme: { apiKeys: ['acme-key'] }, globex: { apiKeys: ['globex-key'] } };
    nudge = await NudgeEmulator.start({ apiKeys: [KEY], accounts });
    const statuses = async () => [await token(), await token('acme-key'), await token('globex-key')];
    await call('PUT', '/api-keys', { apiKeys: ['acme-second-key'], account: 'acme' });
    await call('PUT', '/enabled', { enabled: false, account: 'globex' });
    expect(await statuses()).toEqual([200, 401, 403]);
    const { json } = await call('POST', '/signing-key', { account: 'acme' });
    expect(json).toEqual({ kid: nudge.state.accounts['acme']?.kid });
    await call('POST', '/faults', { kind: 'rate-limit', only: { account: 'globex' } });
    expect(await statuses()).toEqual([200, 401, 429]);
    const refused = await call('PUT', '/faults', { kind: 'drop', only: { account: 'initech' } });
    expect(refused.json).toEqual({
      message: expect.stringMatching(
        /only\.account: no account has this name; the accounts are: default, acme, globex$/,
      ),
    });
    expect(await statuses()).toEqual([200, 401, 429]);
  });

  it.each<[string, string, unknown, RegExp]>([
    ['PUT', '/enabled', { enabled: true, account: 'acme' }, /no account has this name/],
    ['POST', '/faults', { kind: 'latency' }, /Invalid fault: latencyMs/],
    ['PUT', '/faults', { kind: 'nonsense' }, /must be one of latency/],
    ['POST', '/faults', '{', /not JSON/],
    ['POST', '/faults', undefined, /Invalid fault/],
    ['PUT', '/api-keys', { apiKeys: [] }, /at least one key/],
    ['PUT', '/api-keys', { apiKeys: 'canary' }, /apiKeys/],
    ['PUT', '/enabled', { enabled: 'no' }, /enabled/],
    ['POST', '/signing-key', { withdraw: true }, /withdraw/],
  ])('answer 400 with the reason: %s %s %j', async (method, path, body, reason) => {
    nudge.setFault({ kind: 'no-date' });
    const { status, json } = await call(method, path, body);
    expect([status, json]).toEqual([400, { message: expect.stringMatching(reason) }]);
    expect(JSON.stringify(json)).not.toContain('canary');
    expect(nudge.state.faults).toHaveLength(1);
  });

  it('answer 400 to a body that is too large', async () => {
    const { status, json } = await call('POST', '/faults', 'x'.repeat(70_000));
    expect([status, json]).toEqual([400, { message: expect.stringMatching(/larger than 65536 bytes/) }]);
  });

  it.each(['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'answer 415 to a body of the type %j, which a page of any origin could send',
    async (type) => {
      const response = await fetch(`${nudge.adminUrl}/faults`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"kind":"no-date"}',
      });
      expect(response.status).toBe(415);
      expect(await response.json()).toEqual({ message: expect.stringContaining('application/json') });
      expect(nudge.state.faults).toEqual([]);
    },
  );

  it('change nothing on GET', async () => {
    nudge.setFault({ kind: 'no-date' });
    const before = nudge.state;
    for (const path of ['/api-keys', '/enabled', '/signing-key', '/reset']) {
      expect((await call('GET', path)).status).toBe(405);
    }
    for (const path of ['/state', '/requests', '/counters', '/faults']) {
      expect((await call('GET', path)).status).toBe(200);
    }
    expect(nudge.state).toEqual(before);
  });

  it('answer 404 with the list of routes, and 405 with the allowed methods', async () => {
    expect(await call('GET', '/nothing')).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining('/__admin/faults') },
    });
    expect((await call('GET', '')).status).toBe(404);
    expect((await call('GET', '/constructor')).status).toBe(404);
    const response = await fetch(`${nudge.adminUrl}/faults`, { method: 'PATCH' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST, PUT, DELETE']);
  });

  it('still answer after a caller has left in the middle of a body', async () => {
    const { port } = new URL(nudge.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('POST /__admin/faults HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{');
    await once(socket.resume(), 'close');
    expect((await call('GET', '/state')).status).toBe(200);
  });
});
