import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NudgeTokenService, type NudgeAuthEvent, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host, type HostSettings } from '../support/host.js';

const KEY = 'obviously-fake-private-key-of-the-operators';

let nudge: NudgeEmulator;

beforeAll(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
});

beforeEach(() => nudge.reset());

afterAll(() => nudge.stop());

/** The host of the tests, closed in the end. */
async function start(
  options: Partial<NudgeAuthModuleOptions> = {},
  settings: HostSettings = {},
): Promise<Host & AsyncDisposable> {
  const nudgeOptions = { apiKey: KEY, baseUrl: nudge.url, http: { maxRetries: 0 }, ...options };
  const host = await Host.start('express', { nudge: nudgeOptions as NudgeAuthModuleOptions, ...settings });
  return Object.assign(host, { [Symbol.asyncDispose]: () => host.close() });
}

describe('the events of an application', () => {
  it('reach a subscriber, from the first renewal to the end of the application', async () => {
    const host = await start();
    const heard: NudgeAuthEvent[] = [];
    host.app.get(NudgeTokenService).subscribe((event) => heard.push(event));
    await host.getAsUser();
    nudge.setFault({ kind: 'status', status: 502 });
    await host.app
      .get(NudgeTokenService)
      .getToken({ forceRefresh: true })
      .catch(() => undefined);
    await host.close();
    expect(heard.map(({ type }) => type)).toEqual([
      'renewal-started',
      'renewed',
      'renewal-started',
      'failed',
      'closed',
    ]);
  });

  it('cost no answer where a listener throws, and the log names its first error by its kind alone', async () => {
    await using host = await start();
    host.app.get(NudgeTokenService).subscribe(() => {
      throw new RangeError('what a host may write into its errors');
    });
    for (let times = 0; times < 2; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await host.app.get(NudgeTokenService).invalidate();
    }
    const lines = host.logger.lines.filter((line) => JSON.stringify(line).includes('listener'));
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).toMatch(/subscribe\(\) failed \(RangeError\)/);
    expect(JSON.stringify(host.logger.lines)).not.toContain('what a host may write');
  });
});
