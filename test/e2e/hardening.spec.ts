import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidNudgeAuthOptionsError } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { textReachableFrom } from '../support/canaries.js';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { USER_SECRET, userJwt } from '../support/users.js';

const API_KEY = 'obviously-fake-key-for-hardening-0001';

describe.each(PLATFORMS)('hardening on %s', (platform) => {
  let nudge: NudgeEmulator;
  let host: Host | undefined;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  });

  afterEach(async () => {
    await host?.close();
    host = undefined;
    nudge.reset();
  });

  afterAll(async () => {
    await nudge?.stop();
  });

  async function start(options: object): Promise<Host> {
    host = await Host.start(platform, { nudge: { apiKey: API_KEY, baseUrl: nudge.url, ...options } });
    return host;
  }

  it('hides the API key and the password of a proxy from an inspection of the application', async () => {
    const proxyPassword = 'obviously-fake-password-of-the-proxy';
    const proxy = { host: 'proxy.example', port: 8080, auth: { username: 'nudge', password: proxyPassword } };
    const { app } = await start({ http: { proxy } });
    const shown = textReachableFrom(app);
    const isShown = (text: string): boolean => shown.includes(text);
    // The search finds the base URL, so it has reached the resolved options, which are an instance of a provider.
    expect([isShown(nudge.url), isShown(API_KEY), isShown(proxyPassword)]).toEqual([true, false, false]);
  });

  it('answers a conditional request in full, with passthrough too', async () => {
    const answer = await (
      await start({ endpoint: { passthrough: true } })
    ).getAsUser('/nudge/token', { 'if-none-match': '*' });
    expect([answer.status, answer.headers.etag]).toEqual([200, undefined]);
    expect(answer.json()).toHaveProperty('token');
  });

  it.each(['background', 'required'])(
    'sends nothing at boot while it is switched off (%s)',
    async (warmUp) => {
      await start({ warmUp, enabled: () => false });
      expect(nudge.counters.received).toBe(0);
    },
  );

  it('is switched off if the enabled function throws or returns a promise', async () => {
    const switches = [
      () => Promise.resolve(true),
      () => {
        throw new Error('no configuration');
      },
    ];
    for (const enabled of switches) {
      const answer = await (await start({ enabled })).getAsUser();
      expect([answer.status, answer.headers['nudge-auth-error']]).toEqual([503, 'NUDGE_DISABLED']);
      await host?.close();
    }
  });

  it('serves other users after a user whose id cannot be encoded', async () => {
    const { url } = await start({
      scope: 'user',
      extId: ({ sub }: { sub: string }) => sub,
      userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
    });
    const statusOf = async (sub: string): Promise<number> => {
      const answer = await fetch(`${url}/nudge/token`, {
        headers: { authorization: `Bearer ${await userJwt({ sub })}` },
      });
      return answer.status;
    };
    expect([await statusOf('\ud800'), await statusOf('grace')]).toEqual([400, 200]);
  });

  it('counts retries toward the budget', async () => {
    nudge.setFault({ kind: 'status', status: 503 });
    const answer = await (await start({ budget: { callsPerMinute: 10 } })).getAsUser();
    expect(answer.headers['nudge-auth-error']).toBe('NUDGE_UNAVAILABLE');
    expect(nudge.counters.received).toBe(1);
  });

  it('refuses a warm-up in user scope', async () => {
    await expect(start({ scope: 'user', extId: () => 'ada', warmUp: 'required' })).rejects.toThrow(
      InvalidNudgeAuthOptionsError,
    );
  });
});
