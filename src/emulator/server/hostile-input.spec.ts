import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NudgeEmulator } from '../index.js';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('the admin routes', () => {
  let nudge: NudgeEmulator;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start();
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  async function setFault(body: string): Promise<string> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${nudge.adminUrl}/faults`, { method: 'POST', headers, body });
    return `${response.status} ${await response.text()}`;
  }

  it.each([
    ['a kind that is an object', '{"kind":{"toString":1}}', /^400 .*kind: must be one of latency, /],
    ['a kind in a list', '{"kind":["status"],"status":503}', /^400 .*kind: must be one of latency, /],
    [
      'JSON that is nested too deep',
      `{"kind":"wrong-json","json":${nested(20_000)}}`,
      /^400 .*json: must be JSON of at most 100 levels/,
    ],
    [
      'claims that are nested too deep',
      `{"kind":"wrong-claims","claims":{"a":${nested(20_000)}}}`,
      /^400 .*claims: must be a JSON object of at most/,
    ],
    [
      'a field __proto__',
      '{"kind":"status","status":503,"__proto__":{}}',
      /^400 .*must be an object with: kind, status/,
    ],
    [
      'a field constructor',
      '{"kind":"status","status":503,"constructor":1}',
      /^400 .*must be an object with: kind, status/,
    ],
    [
      'a field prototype of only',
      '{"kind":"status","status":503,"only":{"prototype":1}}',
      /^400 .*only: must be an object with: account/,
    ],
  ])('refuse a fault with %s and say what is wrong', async (_, body, answer) => {
    expect(await setFault(body)).toMatch(answer);
    expect(nudge.state.faults).toEqual([]);
  });

  it('accept JSON of 100 levels', async () => {
    expect(await setFault(`{"kind":"wrong-json","json":${nested(100)}}`)).toMatch(/^200 /);
  });
});

describe('an emulator', () => {
  it.each(['__proto__', 'constructor', 'prototype'])(
    'does not start with an account named %s',
    async (name) => {
      const accounts = Object.fromEntries([[name, { apiKeys: ['a-fake-key-of-an-account'] }]]);
      await expect(NudgeEmulator.start({ accounts })).rejects.toThrow(
        'accounts: must be an object, and no account can have the name __proto__',
      );
    },
  );
});
