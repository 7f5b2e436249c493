import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';

const API_KEY = 'fake-private-key-for-endpoint-tests';

describe.each(PLATFORMS)('the endpoint on %s', (platform) => {
  let nudge: NudgeEmulator;
  let host: Host;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
    host = await Host.start(platform, { nudge: { apiKey: API_KEY, baseUrl: nudge.url } });
  });

  afterAll(async () => {
    await host?.close();
    await nudge?.stop();
  });

  it('hands a signed-in user a token', async () => {
    const answer = await host.getAsUser();
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('token')]);
  });
});
