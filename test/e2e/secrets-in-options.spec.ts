import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NudgeAuthModule, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { everythingSaidBy } from '../support/canaries.js';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { rsaKeyPair, userJwt } from '../support/users.js';
import { API_KEY, ECHO, leakSearchForEachTest, OPTION, TOKEN } from './support/leak-search.js';

describe.each(PLATFORMS)('secrets on %s', (platform) => {
  let nudge: NudgeEmulator;
  const search = leakSearchForEachTest(platform, () => nudge.url);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  it.each([
    { is: 'message', make: () => new Error(ECHO) },
    { is: 'name', make: () => Object.assign(new Error('no'), { name: API_KEY }) },
    {
      is: 'name that looks like the name of an error',
      make: () => Object.assign(new Error('no'), { name: `${TOKEN}Error` }),
    },
    { is: 'code', make: () => Object.assign(new Error('no'), { code: API_KEY }) },
    { is: 'cause', make: () => new Error('no', { cause: new Error(ECHO) }) },
    { is: 'field', make: () => Object.assign(new Error('no'), { config: { headers: { apikey: API_KEY } } }) },
    { is: 'thrown value', make: () => ECHO },
  ])('do not leak when the apiKey function throws an error with them as its $is', async ({ make }) => {
    const apiKey = (): Promise<string> => Promise.reject(make());
    const { answer, said } = await search.provoke(await search.start({ apiKey }));
    expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
    expect(search.canaries.foundIn(said)).toEqual([]);
  });

  it('do not leak when the apiKey function returns a key that cannot be sent', async () => {
    for (const key of [`${API_KEY}\n`, `"${API_KEY}"`, ` ${API_KEY}`, `${API_KEY}\0`, `ключ ${API_KEY}`]) {
      const { answer, said } = await search.provoke(await search.start({ apiKey: () => key }));
      expect(answer.json()['code']).toBe('NUDGE_UNAVAILABLE');
      expect(search.canaries.foundIn(said)).toEqual([]);
    }
  });

  it('do not leak when users are refused', async () => {
    const host = await search.start();
    const refusedJwts = [
      await userJwt({ sub: 'canary' }, { expiresIn: '-1m' }),
      await userJwt({ sub: 'canary' }, { secret: OPTION.repeat(2) }),
      TOKEN,
    ];
    for (const refusedJwt of refusedJwts) {
      search.canaries.plant('a JWT that is refused', refusedJwt);
      const answer = await host.get(`/nudge/token?token=${refusedJwt}`, {
        authorization: `Bearer ${refusedJwt}`,
        cookie: `token=${refusedJwt}`,
      });
      expect(answer.status).toBe(401);
      const said = [
        answer.text,
        JSON.stringify(answer.headers),
        JSON.stringify(host.logger.lines),
        ...search.printed,
      ];
      expect(search.canaries.foundIn(`${said.join('\n')}${everythingSaidBy(search.caught)}`)).toEqual([]);
    }
  });

  it('do not leak when a request is refused for its parameters', async () => {
    const host = await search.start();
    const answer = await host.get(`/nudge/token?extId=${TOKEN}&format=${OPTION}`, {
      authorization: search.jwt,
    });
    search.canaries.plant('a parameter', OPTION);
    expect(answer.status).toBe(400);
    expect(
      search.canaries.foundIn(
        answer.text + everythingSaidBy(search.caught) + JSON.stringify(host.logger.lines),
      ),
    ).toEqual([]);
  });

  describe('do not leak when the boot fails', () => {
    const { privatePem } = rsaKeyPair();

    it.each([
      { is: 'a quoted key', options: { apiKey: `"${OPTION}"` } },
      { is: 'a key with a line break', options: { apiKey: `${OPTION}\n` } },
      { is: 'a key in a list', options: { apiKey: [OPTION] } },
      { is: 'a quoted fallback key', options: { fallbackApiKey: `'${OPTION}'` } },
      { is: 'a base URL with a password', options: { baseUrl: `https://canary:${OPTION}@nudge.test` } },
      { is: 'a base URL with a query', options: { baseUrl: `https://nudge.test?key=${OPTION}` } },
      { is: 'a base URL that is not a URL', options: { baseUrl: OPTION } },
      { is: 'a proxy as a URL', options: { http: { proxy: `http://canary:${OPTION}@nudge.test:8080` } } },
      {
        is: 'a proxy without a port',
        options: { http: { proxy: { host: OPTION, auth: { password: OPTION } } } },
      },
      { is: 'a lifetime as text', options: { defaultExpiryMins: OPTION } },
      { is: 'a PEM as a secret', options: { userJwt: { secret: privatePem, algorithms: ['HS256'] } } },
      {
        is: 'a private key as a public one',
        options: { userJwt: { publicKey: privatePem, algorithms: ['RS256'] } },
      },
      { is: 'a secret as a public key', options: { userJwt: { publicKey: OPTION, algorithms: ['RS256'] } } },
      {
        is: 'a JWKS over plain http',
        options: { userJwt: { jwksUri: `http://nudge.test/${OPTION}`, algorithms: ['RS256'] } },
      },
      { is: 'a secret as an algorithm', options: { userJwt: { secret: OPTION, algorithms: [OPTION] } } },
      { is: 'a store that is not a store', options: { store: OPTION } },
      {
        is: 'several wrong options at once',
        options: { scope: OPTION, extId: OPTION, warmUp: OPTION, enabled: OPTION },
      },
    ])('for $is', async ({ options }) => {
      search.canaries.plant('the option', OPTION).plant('the private key', privatePem.split('\n')[2]);
      const error: unknown = await search
        .start(options as unknown as Partial<NudgeAuthModuleOptions>)
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'InvalidNudgeAuthOptionsError' });
      expect(search.canaries.foundIn(everythingSaidBy(error) + search.printed.join('\n'))).toEqual([]);
    });

    it('for the options of a factory', async () => {
      search.canaries.plant('the option', OPTION);
      const error: unknown = await Host.start(platform, {
        modules: [NudgeAuthModule.forRootAsync({ useFactory: () => ({ apiKey: `${OPTION} ` }) })],
      }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'InvalidNudgeAuthOptionsError' });
      expect(search.canaries.foundIn(everythingSaidBy(error) + search.printed.join('\n'))).toEqual([]);
    });

    it('for keys that Nudge refuses during the warm-up', async () => {
      nudge.setApiKeys(['another-key']);
      const error: unknown = await search.start({ warmUp: 'required' }).catch((reason: unknown) => reason);
      nudge.setApiKeys([API_KEY]);
      expect(error).toBeInstanceOf(Error);
      expect(search.canaries.foundIn(everythingSaidBy(error) + search.printed.join('\n'))).toEqual([]);
    });
  });
});
