import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { NudgeEmulator } from '../index.js';
import { adminRefusal } from './admin-access.js';

const LOOPBACK = { admin: 'loopback', host: '127.0.0.1' } as const;
const ANY_ADDRESS = { ...LOOPBACK, admin: 'any-address' } as const;
const OFF = { ...LOOPBACK, admin: false } as const;

/** A request from this address to this machine. */
const from = (remoteAddress: string, headers: OutgoingHttpHeaders, localAddress = '127.0.0.1') =>
  ({ socket: { remoteAddress, localAddress }, headers }) as unknown as IncomingMessage;

async function statusOfReset(
  nudge: NudgeEmulator,
  headers: OutgoingHttpHeaders,
): Promise<number | undefined> {
  const request = httpRequest(`${nudge.adminUrl}/reset`, { method: 'POST', agent: false, headers });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('the admin routes accept', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])(
    'a call from this machine: %s',
    (address) => {
      for (const host of ['localhost:4010', '127.0.0.1', '[::1]:4010', 'LOCALHOST']) {
        expect(adminRefusal(LOOPBACK, from(address, { host }))).toBeUndefined();
      }
    },
  );

  it.each([
    ['192.0.2.7', '192.0.2.7:4010'],
    ['nudge.test', 'nudge.test'],
    ['Nudge.Test', 'nudge.test:4010'],
    ['2001:db8::7', '[2001:db8::7]:4010'],
  ])('a call from this machine to the host that the emulator listens on: %s', (host, header) => {
    const rules = { ...LOOPBACK, host };
    expect(adminRefusal(rules, from('192.0.2.7', { host: header }, '192.0.2.7'))).toBeUndefined();
    expect(adminRefusal(rules, from('192.0.2.8', { host: header }, '192.0.2.7'))?.status).toBe(403);
    expect(adminRefusal(LOOPBACK, from('127.0.0.1', { host: header }))?.status).toBe(403);
  });

  it.each<[string, OutgoingHttpHeaders]>([
    ['a call from a user who types the address', { 'sec-fetch-site': 'none' }],
    [
      'a call from a page of the same origin',
      { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:4010' },
    ],
    ['a call from a tool, which names no page', {}],
  ])('%s', (_, headers) => {
    for (const rules of [LOOPBACK, ANY_ADDRESS]) {
      expect(adminRefusal(rules, from('127.0.0.1', { host: 'localhost:4010', ...headers }))).toBeUndefined();
    }
  });
});

describe('the admin routes refuse', () => {
  it.each<[string, string, OutgoingHttpHeaders]>([
    ['from another machine', '192.0.2.7', { host: 'localhost' }],
    ['from a closed connection', '', { host: 'localhost' }],
    ['to a foreign name that resolves to this machine', '127.0.0.1', { host: 'evil.example' }],
    ['to a name that only begins like this machine', '127.0.0.1', { host: '127.0.0.1.evil.example' }],
    ['without a host name', '127.0.0.1', {}],
  ])('a call %s, unless any address may use them', (_, address, headers) => {
    expect(adminRefusal(LOOPBACK, from(address, headers))?.status).toBe(403);
    expect(adminRefusal(ANY_ADDRESS, from(address, headers))).toBeUndefined();
    expect(adminRefusal(OFF, from(address, headers))?.status).toBe(404);
  });

  it.each<[string, OutgoingHttpHeaders]>([
    ['of another site, by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['of another port of this machine, by Sec-Fetch-Site', { 'sec-fetch-site': 'same-site' }],
    ['with an unknown Sec-Fetch-Site', { 'sec-fetch-site': 'elsewhere' }],
    ['of another origin', { origin: 'https://evil.example' }],
    ['of another port of this machine', { origin: 'http://localhost:3000' }],
    ['of another scheme', { origin: 'https://localhost:4010' }],
    ['without an origin, such as a sandboxed frame', { origin: 'null' }],
  ])('a page %s, also when any address may use them', (_, headers) => {
    for (const rules of [LOOPBACK, ANY_ADDRESS]) {
      const message = from('127.0.0.1', { host: 'localhost:4010', ...headers });
      expect(adminRefusal(rules, message)?.status).toBe(403);
    }
  });

  it('every call when they are off', async () => {
    await using closed = await NudgeEmulator.start({ admin: false });
    expect((await fetch(`${closed.adminUrl}/state`)).status).toBe(404);
  });

  it('calls of foreign pages and to foreign names over a real connection, and change nothing', async () => {
    await using nudge = await NudgeEmulator.start();
    nudge.setFault({ kind: 'no-date' });
    for (const headers of [
      { host: 'evil.example' },
      { origin: 'https://evil.example', 'content-type': 'text/plain' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    ]) {
      expect(await statusOfReset(nudge, headers)).toBe(403);
    }
    expect(nudge.state.faults).toHaveLength(1);
    expect(await statusOfReset(nudge, {})).toBe(200);
  });
});
