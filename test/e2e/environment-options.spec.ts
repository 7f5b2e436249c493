import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprintOf } from '../../src/common/secret.js';
import { textReachableFrom } from '../support/canaries.js';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule } from '../support/users.js';
import { hostsForEachTest } from './support/hosts.js';
import { APAC, EMEA, KEY } from './support/registrations.js';

describe.each(PLATFORMS)('registrations on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = hostsForEachTest(platform);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY, EMEA.key, APAC.key] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  describe('take their options from the environment', () => {
    const NAMES = ['API_KEY', 'FALLBACK_API_KEY', 'DEFAULT_EXPIRY_MINS', 'BASE_URL'].flatMap((name) => [
      `NUDGE_${name}`,
      `NUDGE_${name}_FILE`,
    ]);
    let folder: string;

    function setEnvironment(values: Record<string, string>): void {
      for (const name of NAMES) delete process.env[name];
      Object.assign(process.env, values);
    }

    const fromEnvironment = (imports: DynamicModule[] = []): Promise<Host> =>
      start({
        modules: [...imports, NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider()), HostAuthModule],
      });

    async function fileOf(content: string, name = 'secret'): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    }

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'nudge-auth-'));
    });

    afterEach(async () => {
      setEnvironment({});
      await rm(folder, { recursive: true });
    });

    it('variables', async () => {
      setEnvironment({
        NUDGE_API_KEY: 'obviously-fake-withdrawn-key',
        NUDGE_FALLBACK_API_KEY: APAC.key,
        NUDGE_DEFAULT_EXPIRY_MINS: '90',
        NUDGE_BASE_URL: `${nudge.url}/`,
      });
      const host = await fromEnvironment();
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.requests).toMatchObject([
        { query: { expiryMins: ['90'] }, status: 401 },
        { query: { expiryMins: ['90'] }, status: 200, apiKeyFingerprint: fingerprintOf(APAC.key) },
      ]);
    });

    it('a .env file, through ConfigModule.forRoot()', async () => {
      setEnvironment({});
      const envFilePath = await fileOf(`NUDGE_API_KEY="${KEY}"\nNUDGE_BASE_URL=${nudge.url}\n`, '.env');
      const host = await fromEnvironment([await ConfigModule.forRoot({ envFilePath })]);
      expect((await host.getAsUser()).status).toBe(200);
      expect(textReachableFrom(host.app).includes(KEY)).toBe(true);
      expect(nudge.requests).toMatchObject([{ query: { expiryMins: ['60'] } }]);
    });

    it('mounted files, which it reads again when they change', async () => {
      const path = await fileOf(`${EMEA.key}\r\n`);
      setEnvironment({
        NUDGE_API_KEY_FILE: path,
        NUDGE_BASE_URL_FILE: await fileOf(`${nudge.url}\n`, 'url'),
        NUDGE_DEFAULT_EXPIRY_MINS_FILE: await fileOf('120\n', 'mins'),
      });
      const host = await fromEnvironment();
      const service = host.app.get(NudgeTokenService);
      await service.getToken();
      // Unlike NUDGE_API_KEY, which ConfigService holds, the content of a file stands nowhere in the application.
      expect(textReachableFrom(host.app).includes(EMEA.key)).toBe(false);
      await fileOf(`${APAC.key}\n`);
      await service.invalidate();
      await service.getToken();
      expect(nudge.requests).toMatchObject([
        { query: { expiryMins: ['120'] }, apiKeyFingerprint: fingerprintOf(EMEA.key) },
        { query: { expiryMins: ['120'] }, apiKeyFingerprint: fingerprintOf(APAC.key) },
      ]);
      await rm(path);
      await service.invalidate();
      await expect(service.getToken()).rejects.toMatchObject({
        code: 'NUDGE_UNAVAILABLE',
        message: 'The API key could not be read: the function given for it failed (Error, ENOENT)',
      });
      await fileOf('');
    });

    it.each([
      {
        is: 'a variable and its file',
        values: (path: string) => ({ NUDGE_API_KEY: KEY, NUDGE_API_KEY_FILE: path }),
        message:
          'nudgeAuthConfig (environment) cannot start, its options have 1 problem:\n' +
          '  - NUDGE_API_KEY: is set, and so is NUDGE_API_KEY_FILE: keep one of the two',
      },
      {
        is: 'a file that does not exist',
        values: (path: string) => ({
          NUDGE_API_KEY_FILE: `${path}-missing`,
          NUDGE_BASE_URL_FILE: `${path}-too`,
        }),
        message:
          'its options have 2 problems:\n' +
          '  - NUDGE_API_KEY_FILE: names a file that cannot be read (ENOENT)\n' +
          '  - NUDGE_BASE_URL_FILE: names a file that cannot be read (ENOENT)',
      },
      {
        is: 'an empty file',
        content: '\n',
        values: (path: string) => ({ NUDGE_API_KEY_FILE: path }),
        message: '  - NUDGE_API_KEY_FILE: names a file whose content is empty',
      },
      {
        is: 'quotes in a file',
        content: `"${KEY}"\n`,
        values: (path: string) => ({ NUDGE_API_KEY: KEY, NUDGE_FALLBACK_API_KEY_FILE: path }),
        message:
          '  - NUDGE_FALLBACK_API_KEY_FILE: names a file whose content has quotes around it: remove them',
      },
      {
        is: 'two lines in a file',
        content: `${KEY}\n${KEY}\n`,
        values: (path: string) => ({ NUDGE_API_KEY_FILE: path }),
        message:
          '  - NUDGE_API_KEY_FILE: names a file whose content contains white space or a line break: remove it',
      },
      {
        is: 'no key',
        values: () => ({}),
        message:
          'NudgeAuthModule cannot start, its options have 1 problem:\n' +
          '  - apiKey: is missing: set it to the PRIVATE key from the settings of the Nudge dashboard (environment: NUDGE_API_KEY)\n' +
          'Run `npx nestjs-nudge-auth doctor`.',
      },
      {
        is: 'an empty key, a lifetime that is not a number, and an empty URL',
        values: () => ({ NUDGE_API_KEY: '', NUDGE_DEFAULT_EXPIRY_MINS: 'an hour', NUDGE_BASE_URL: ' ' }),
        message:
          'its options have 3 problems:\n' +
          '  - defaultExpiryMins: must be a whole number of minutes from 30 to 1440 (environment: NUDGE_DEFAULT_EXPIRY_MINS)\n' +
          '  - baseUrl: must be an absolute URL such as https://main-api.nudgenow.com/api (environment: NUDGE_BASE_URL)\n' +
          '  - apiKey: is missing: set it to the PRIVATE key from the settings of the Nudge dashboard (environment: NUDGE_API_KEY)',
      },
      {
        is: 'a lifetime of spaces',
        values: () => ({ NUDGE_API_KEY: KEY, NUDGE_DEFAULT_EXPIRY_MINS: ' ' }),
        message: '  - defaultExpiryMins: must be a whole number of minutes from 30 to 1440',
      },
    ])('and stop the boot for $is', async ({ content = KEY, values, message }) => {
      setEnvironment(values(await fileOf(content)));
      await expect(fromEnvironment()).rejects.toThrow(message);
    });
  });
});
