import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { adminRefusal } from './admin-access.js';
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
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

const token = (apikey = KEY) =>
  fetch(`${nudge.url}/clients/jwt/token?expiryMins=60`, { headers: { apikey } }).then(({ status }) => status);

describe('the admin routes', () => {
  it('show state, log and counters as the emulator itself does, and are in neither', async () => {
    await token();
    expect(await call('GET', '/state')).toEqual({ status: 200, json: nudge.state });
    expect(await call('GET', '/counters')).toEqual({ status: 200, json: nudge.counters });
    const { json } = await call('GET', '/requests');
    expect(json).toEqual({ requests: nudge.requests });
    expect(nudge.requests).toHaveLength(1);
    expect(JSON.stringify([json, nudge.state])).not.toContain('canary');
  });

  it('set, replace, list and clear faults in the shape they have in code', async () => {
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

  it('rotate keys, switch the account and reset', async () => {
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

  it.each<[string, string, unknown, RegExp]>([
    ['POST', '/faults', { kind: 'latency' }, /Invalid fault: latencyMs/],
    ['PUT', '/faults', { kind: 'nonsense' }, /must be one of latency/],
    ['POST', '/faults', '{', /not JSON/],
    ['POST', '/faults', undefined, /Invalid fault/],
    ['POST', '/faults', `"${'x'.repeat(70_000)}"`, /larger than 65536 bytes/],
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

  it('answer 404 with what there is, and 405 with what is allowed', async () => {
    expect(await call('GET', '/nothing')).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining('/__admin/faults') },
    });
    expect((await call('GET', '')).status).toBe(404);
    expect((await call('GET', '/constructor')).status).toBe(404);
    const response = await fetch(`${nudge.adminUrl}/faults`, { method: 'PATCH' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST, PUT, DELETE']);
  });

  it('survive a caller that leaves in the middle of a body', async () => {
    const { port } = new URL(nudge.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('POST /__admin/faults HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{');
    await once(socket.resume(), 'close');
    expect((await call('GET', '/state')).status).toBe(200);
  });
});

describe('who may use the admin routes', () => {
  const from = (remoteAddress: string, headers: OutgoingHttpHeaders) =>
    ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;

  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('this machine: %s', (address) => {
    for (const host of ['localhost:4010', '127.0.0.1', '[::1]:4010']) {
      expect(adminRefusal('loopback', from(address, { host }))).toBeUndefined();
    }
    expect(
      adminRefusal('loopback', from(address, { host: 'localhost', origin: 'http://localhost:3000' })),
    ).toBeUndefined();
  });

  it.each<[string, string, OutgoingHttpHeaders]>([
    ['another machine', '192.0.2.7', { host: 'localhost' }],
    ['a connection that is gone', '', { host: 'localhost' }],
    ['a name that was made to point here', '127.0.0.1', { host: 'evil.example' }],
    ['a name that only begins like this machine', '127.0.0.1', { host: '127.0.0.1.evil.example' }],
    ['no name at all', '127.0.0.1', {}],
    ['a page of another origin', '127.0.0.1', { host: 'localhost', origin: 'https://evil.example' }],
    ['a page of no origin', '127.0.0.1', { host: 'localhost', origin: 'null' }],
  ])('not %s, unless any address may', (_, address, headers) => {
    expect(adminRefusal('loopback', from(address, headers))?.status).toBe(403);
    expect(adminRefusal('any-address', from(address, headers))).toBeUndefined();
    expect(adminRefusal(false, from(address, headers))?.status).toBe(404);
  });

  it('nobody, where they are off', async () => {
    await using closed = await NudgeEmulator.start({ admin: false });
    expect((await fetch(`${closed.adminUrl}/state`)).status).toBe(404);
  });

  it('nobody who sends a foreign Host header', async () => {
    const request = httpRequest(`${nudge.adminUrl}/reset`, {
      method: 'POST',
      agent: false,
      headers: { host: 'evil.example' },
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(403);
    response.resume();
  });
});
