import { describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { decodeJwt } from 'jose';
import { emulatorForEachTest, NOW_S, tokenOf } from '../../../test/support/emulator-client.js';
import type { EmulatorFault } from '../index.js';

const client = emulatorForEachTest();

describe('a fault of the layer body', () => {
  it.each<[EmulatorFault, string, RegExp]>([
    [{ kind: 'wrong-content-type' }, 'text/html; charset=utf-8', /^\{"token":"[\w.-]+"\}$/],
    [{ kind: 'wrong-content-type', contentType: 'text/plain', body: 'hello' }, 'text/plain', /^hello$/],
    [{ kind: 'not-json' }, 'application/json; charset=utf-8', /^\{"token":$/],
    [{ kind: 'not-json', body: '<html>' }, 'application/json; charset=utf-8', /^<html>$/],
    [{ kind: 'wrong-json', json: [{ token: 7 }] }, 'application/json; charset=utf-8', /^\[\{"token":7\}\]$/],
    [{ kind: 'wrong-json', json: null }, 'application/json; charset=utf-8', /^null$/],
  ])('sends the content type and the body of %j', async (fault, contentType, body) => {
    client.nudge.setFault(fault);
    const seen = await client.get();
    expect([seen.status, seen.headers['content-type']]).toEqual([200, contentType]);
    expect(seen.body.toString()).toMatch(body);
  });

  it('sends a good body that is too large', async () => {
    client.nudge.setFault({ kind: 'oversized-body' });
    const seen = await client.get();
    expect(seen.body.length).toBeGreaterThan(128 * 1024);
    expect(decodeJwt(tokenOf(seen)).iat).toBe(NOW_S);
    client.nudge.setFault({ kind: 'oversized-body', sizeBytes: 70_000 }, { kind: 'firewall' });
    expect((await client.get()).body.length).toBeGreaterThan(70_000);
  });

  it('sends a small body that unpacks to a large one', async () => {
    client.nudge.setFault({ kind: 'gzip-bomb' });
    const seen = await client.get();
    expect(seen.headers['content-encoding']).toBe('gzip');
    expect(seen.body.length).toBeLessThan(16 * 1024);
    const unpacked = gunzipSync(seen.body);
    expect(unpacked.length).toBeGreaterThan(10 * 1024 * 1024);
    expect(decodeJwt(tokenOf({ ...seen, body: unpacked })).iat).toBe(NOW_S);
  });

  it('changes the body of a refusal, too', async () => {
    client.nudge.setFault({ kind: 'not-json' });
    expect(await client.get('')).toMatchObject({ status: 400, body: Buffer.from('{"token":') });
  });
});
