import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type DynamicModule,
} from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { AuthGuard, PassportModule } from '@nestjs/passport';
import {
  InjectNudgeTokenService,
  NudgeAuthModule,
  NudgeTokenService,
  NudgeUserGuard,
  NudgeUserGuardFor,
  type NudgeAuthModuleAsyncOptions,
  type NudgeAuthModuleOptions,
  type NudgeAuthOptions,
  type NudgeAuthOptionsFactory,
  type UserJwtOptions,
} from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import passport from 'passport';
import { fingerprintOf } from '../../src/common/secret.js';
import { textReachableFrom } from '../support/canaries.js';
import { Host, type HostSettings } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule, HostJwtStrategy, USER_SECRET, userJwt } from '../support/users.js';

const EMEA = {
  key: 'obviously-fake-private-key-of-emea',
  secret: 'obviously-fake-emea-user-secret-0123456789',
};
const APAC = {
  key: 'obviously-fake-private-key-of-apac',
  secret: 'obviously-fake-apac-user-secret-0123456789',
};
const KEY = 'obviously-fake-private-key-unnamed';
const GUIDANCE =
  "NudgeAuthModule guards GET /nudge/token with the application's passport strategy 'jwt', but there is none.";

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

describe.each(PLATFORMS)('registrations on %s', (platform) => {
  let nudge: NudgeEmulator;
  const hosts: Host[] = [];

  async function start(settings: HostSettings): Promise<Host> {
    const host = await Host.start(platform, settings);
    hosts.push(host);
    return host;
  }

  function of(options: Partial<NudgeAuthModuleOptions> = {}): DynamicModule {
    return NudgeAuthModule.forRoot({ apiKey: KEY, baseUrl: nudge.url, ...options } as NudgeAuthModuleOptions);
  }

  function userJwtOf({ secret }: typeof EMEA): UserJwtOptions {
    return { secret, algorithms: ['HS256'] };
  }

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY, EMEA.key, APAC.key] });
  });

  beforeEach(() => nudge.reset());

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    passport.unuse('jwt');
  });

  afterAll(() => nudge.stop());

  describe('two in one application', () => {
    @Controller()
    class OwnController {
      constructor(
        @InjectNudgeTokenService('emea') readonly emea: NudgeTokenService,
        @InjectNudgeTokenService('apac') readonly apac: NudgeTokenService,
      ) {}

      @Get('emea-only')
      @UseGuards(NudgeUserGuardFor('emea'))
      emeaOnly(): string {
        return 'emea';
      }

      @Get('apac-only')
      @UseGuards(AuthGuard('apac-users'))
      apacOnly(): string {
        return 'apac';
      }
    }

    const both = (): Promise<Host> =>
      start({
        modules: [
          of({ name: 'emea', apiKey: EMEA.key, userJwt: userJwtOf(EMEA) }),
          of({
            name: 'apac',
            apiKey: APAC.key,
            userJwt: { ...userJwtOf(APAC), strategyName: 'apac-users' },
            endpoint: { path: 'apac' },
          }),
        ],
        controllers: [OwnController],
      });

    it('have separate paths, keys and users', async () => {
      const host = await both();
      const emea = { authorization: await userJwt({ sub: 'ada' }, { secret: EMEA.secret }) };
      const apac = { authorization: `Bearer ${await userJwt({ sub: 'ada' }, { secret: APAC.secret })}` };
      const statusOf = async (path: string, headers: Record<string, string>): Promise<number> =>
        (await host.get(path, headers)).status;

      expect(await statusOf('/nudge/emea/token', apac)).toBe(401);
      expect(await statusOf('/apac', emea)).toBe(401);
      expect(nudge.requests).toEqual([]);

      expect(await statusOf('/nudge/emea/token', emea)).toBe(200);
      expect(nudge.requests.map((request) => request.apiKeyFingerprint)).toEqual([fingerprintOf(EMEA.key)]);
      expect(await statusOf('/apac', apac)).toBe(200);
      expect(nudge.requests[1]?.apiKeyFingerprint).toBe(fingerprintOf(APAC.key));
      expect(await statusOf('/nudge/token', emea)).toBe(404);

      expect(await statusOf('/emea-only', emea)).toBe(200);
      expect(await statusOf('/apac-only', apac)).toBe(200);
      expect(await statusOf('/emea-only', apac)).toBe(401);
      expect(await statusOf('/apac-only', emea)).toBe(401);
    });

    it('have separate services and caches', async () => {
      const host = await both();
      const { emea, apac } = host.app.get(OwnController);
      expect(emea).not.toBe(apac);
      await emea.getToken();
      await apac.getToken();
      expect(nudge.counters.received).toBe(2);
      await emea.invalidate();
      await apac.getToken();
      expect(nudge.counters.received).toBe(2);
      await emea.getToken();
      expect(nudge.requests[2]?.apiKeyFingerprint).toBe(fingerprintOf(EMEA.key));
    });

    it('do not accept each other’s users, even if another strategy takes their names in passport', async () => {
      const host = await both();
      const registry = passport as unknown as { _strategies: Record<string, passport.Strategy> };
      const ofApac = registry._strategies['apac-users'];
      for (const name of ['nudge-user', 'nudge-user:emea', 'jwt']) passport.use(name, ofApac);
      const apac = await userJwt({ sub: 'eve' }, { secret: APAC.secret });
      expect((await host.get('/nudge/emea/token', { authorization: apac })).status).toBe(401);
      const emea = await userJwt({ sub: 'ada' }, { secret: EMEA.secret });
      expect((await host.get('/nudge/emea/token', { authorization: emea })).status).toBe(200);
      for (const name of ['nudge-user', 'nudge-user:emea', 'jwt']) passport.unuse(name);
    });

    it('are injected by name, and only the unnamed one by its class', async () => {
      @Injectable()
      class ByClass {
        constructor(
          readonly unnamed: NudgeTokenService,
          @InjectNudgeTokenService('emea') readonly named: NudgeTokenService,
        ) {}
      }
      const host = await start({
        modules: [of({ name: 'emea', apiKey: EMEA.key, userJwt: userJwtOf(EMEA) }), of(), HostAuthModule],
        providers: [ByClass],
      });
      const { unnamed, named } = host.app.get(ByClass);
      await unnamed.getToken();
      await named.getToken();
      expect(nudge.requests.map((request) => request.apiKeyFingerprint)).toEqual(
        [KEY, EMEA.key].map(fingerprintOf),
      );
    });

    it('cannot be injected by the class if each has a name', async () => {
      @Injectable()
      class ByClass {
        constructor(readonly tokens: NudgeTokenService) {}
      }
      await expect(
        start({ modules: [of({ name: 'emea', userJwt: userJwtOf(EMEA) })], providers: [ByClass] }),
      ).rejects.toThrow(/can't resolve dependencies of the ByClass/);
    });
  });

  describe('stop the boot', () => {
    it.each([
      {
        is: 'if two have no name',
        modules: () => [of(), of({ endpoint: { path: 'elsewhere' } }), HostAuthModule],
        message:
          'NudgeAuthModule cannot start, its options have 1 problem:\n' +
          '  - name: two registrations without a name are imported: import one (isGlobal: true lets every module use it), or give each a different name',
      },
      {
        is: 'if two have no name and the same options',
        modules: () => [of(), of(), HostAuthModule],
        message: 'two registrations without a name are imported',
      },
      {
        is: 'if two have the same name',
        modules: () => [of({ name: 'emea' }), of({ name: 'emea', endpoint: false }), HostAuthModule],
        message:
          'NudgeAuthModule "emea" cannot start, its options have 1 problem:\n' +
          '  - name: two registrations with the name "emea" are imported',
      },
      {
        is: 'if two have the same path',
        modules: () => [
          of({ name: 'emea', endpoint: { path: '/Tokens' } }),
          of({ name: 'apac', endpoint: { path: 'tokens/' } }),
          HostAuthModule,
        ],
        message: '  - endpoint.path: another registration answers at "tokens" already: choose another path',
      },
      {
        is: 'if userJwt is given beside other guards',
        modules: () => [of({ userJwt: userJwtOf(EMEA), endpoint: { guards: [OpenGuard] } })],
        message: '  - userJwt: is given beside endpoint.guards, which replace the guard that would use it',
      },
      {
        is: 'if userJwt is given beside an empty list of guards',
        modules: () => [of({ userJwt: userJwtOf(EMEA), endpoint: { guards: [] } })],
        message: '  - userJwt: is given beside endpoint.guards',
      },
    ])('$is', async ({ modules, message }) => {
      await expect(start({ modules: modules() })).rejects.toThrow(message);
    });

    it('not if two modules import the same registration', async () => {
      const shared = of();
      @Module({ imports: [shared] })
      class Elsewhere {}
      const host = await start({ modules: [shared, Elsewhere, HostAuthModule] });
      expect((await host.getAsUser()).status).toBe(200);
    });

    it.each([
      { extras: { endpoint: 'nudge/token' }, problem: 'endpoint: must be false or an object' },
      { extras: { endpoint: null }, problem: 'endpoint: must be false or an object' },
      { extras: { endpoint: { path: '' } }, problem: 'endpoint.path: must be a route such as nudge/token' },
      { extras: { endpoint: { path: '//' } }, problem: 'endpoint.path: must be a route such as nudge/token' },
      { extras: { endpoint: { route: 'x' } }, problem: 'endpoint.route: is not an option: remove it' },
      {
        extras: { endpoint: { passThru: true } },
        problem: 'endpoint.passThru: is not an option: did you mean passthrough?',
      },
      {
        extras: { endpoint: { guards: OpenGuard } },
        problem: 'endpoint.guards: must be a list of guards',
      },
      ...[undefined, null, 'jwt', {}, () => true].map((guard) => ({
        extras: { endpoint: { guards: [OpenGuard, guard] } },
        problem: 'endpoint.guards: must be a list of guards',
      })),
      {
        extras: { endpoint: { decorators: [undefined] } },
        problem: 'endpoint.decorators: must be a list of method decorators',
      },
      { extras: { endpoint: { decorators: 5 } }, problem: 'endpoint.decorators: must be a list of method' },
      { extras: { endpoint: { userProperty: '' } }, problem: 'endpoint.userProperty: must be the name' },
      { extras: { endpoint: { errorStatus: 503 } }, problem: 'endpoint.errorStatus: must be a function' },
      {
        extras: { endpoint: { passthrough: 'yes' } },
        problem: 'endpoint.passthrough: must be true or false',
      },
      {
        extras: { endpoint: { verifyStrategy: 1 } },
        problem: 'endpoint.verifyStrategy: must be true or false',
      },
      { extras: { isGlobal: 'yes' }, problem: 'isGlobal: must be true or false' },
      { extras: { name: 'e m e a' }, problem: 'name: must consist of letters, digits, - and _' },
      { extras: { name: '' }, problem: 'name: must consist of letters, digits, - and _' },
    ])('with the static extra $extras', ({ extras, problem }) => {
      expect(() => of(extras as never)).toThrow(`  - ${problem}`);
      expect(() =>
        NudgeAuthModule.forRootAsync({ useFactory: () => ({ apiKey: KEY }), ...(extras as object) }),
      ).toThrow(`  - ${problem}`);
    });

    it.each([
      { given: undefined, problem: 'options: must be an object' },
      { given: {}, problem: 'useFactory: give exactly one of useFactory, useClass and useExisting' },
      {
        given: { useFactory: () => ({}), useClass: OpenGuard },
        problem: 'useFactory: give exactly one of useFactory, useClass and useExisting',
      },
      {
        given: { useFactory: () => ({}), apiKey: KEY },
        problem: 'apiKey: stands beside the factory, where nothing reads it: return it from the factory',
      },
      {
        given: { useFactory: () => ({}), global: true },
        problem: 'global: is not an option: did you mean isGlobal?',
      },
      {
        given: { usefactory: () => ({}) },
        problem: 'usefactory: is not an option: did you mean useFactory?',
      },
    ])('when forRootAsync gets $given', ({ given, problem }) => {
      expect(() => NudgeAuthModule.forRootAsync(given as unknown as NudgeAuthModuleAsyncOptions)).toThrow(
        `  - ${problem}`,
      );
    });

    it('when forRoot gets no options', async () => {
      await expect(
        (async () => start({ modules: [NudgeAuthModule.forRoot(undefined as never), HostAuthModule] }))(),
      ).rejects.toThrow('  - apiKey: is missing');
    });
  });

  describe('without any strategy of the host', () => {
    const bare = (options: Partial<NudgeAuthModuleOptions> = {}): Promise<Host> =>
      start({ modules: [of(options), PassportModule] });

    it('stop the boot and say what to do', async () => {
      await expect(bare()).rejects.toThrow(GUIDANCE);
      await expect(bare()).rejects.toThrow(/userJwt.*endpoint\.guards.*endpoint to false.*verifyStrategy/);
    });

    it('do not use the strategy of an application that was closed', async () => {
      const former = await start({ modules: [of(), HostAuthModule] });
      expect((await former.getAsUser()).status).toBe(200);
      await former.close();
      await expect(bare()).rejects.toThrow(GUIDANCE);
      const next = await start({ modules: [of(), HostAuthModule] });
      expect((await next.getAsUser()).status).toBe(200);
    });

    it('use a strategy that was registered in passport by hand', async () => {
      passport.use('jwt', new HostJwtStrategy());
      const host = await bare();
      expect((await host.getAsUser()).status).toBe(200);
    });

    it.each<{ is: string; options: Partial<NudgeAuthModuleOptions>; status: number }>([
      {
        is: 'userJwt',
        options: { userJwt: { secret: USER_SECRET, algorithms: ['HS256'] } },
        status: 200,
      },
      { is: 'other guards', options: { endpoint: { guards: [OpenGuard] } }, status: 200 },
      { is: 'no endpoint', options: { endpoint: false }, status: 404 },
      { is: 'verifyStrategy off', options: { endpoint: { verifyStrategy: false } }, status: 500 },
    ])('boot with $is', async ({ options, status }) => {
      const host = await bare(options);
      expect((await host.getAsUser()).status).toBe(status);
    });

    it('boot when a test overrides the guard', async () => {
      const host = await start({
        modules: [of()],
        override: (builder) => builder.overrideGuard(NudgeUserGuard).useValue({ canActivate: () => true }),
      });
      expect((await host.get('/nudge/token')).status).toBe(200);
    });

    it('use a strategy that is registered later if verifyStrategy is off', async () => {
      const host = await bare({ endpoint: { verifyStrategy: false } });
      passport.use('jwt', new HostJwtStrategy());
      expect((await host.getAsUser()).status).toBe(200);
    });
  });

  describe('take their options', () => {
    @Injectable()
    class Vault {
      readonly key = EMEA.key;
    }

    @Module({ providers: [Vault], exports: [Vault] })
    class VaultModule {}

    @Injectable()
    class FromVault implements NudgeAuthOptionsFactory {
      constructor(private readonly vault: Vault) {}

      async createNudgeAuthOptions(): Promise<NudgeAuthOptions> {
        return { apiKey: this.vault.key, baseUrl: nudge.url, defaultExpiryMins: 75 };
      }
    }

    @Module({ imports: [VaultModule], providers: [FromVault], exports: [FromVault] })
    class FactoryModule {}

    it.each<{ way: string; options: NudgeAuthModuleAsyncOptions }>([
      {
        way: 'a factory',
        options: {
          imports: [VaultModule],
          inject: [Vault],
          useFactory: async (...[vault]: unknown[]) => ({
            apiKey: (vault as Vault).key,
            baseUrl: nudge.url,
            defaultExpiryMins: 75,
          }),
        },
      },
      { way: 'a class', options: { imports: [VaultModule], useClass: FromVault } },
      { way: 'an existing provider', options: { imports: [FactoryModule], useExisting: FromVault } },
    ])('from $way', async ({ options }) => {
      const host = await start({ modules: [NudgeAuthModule.forRootAsync(options), HostAuthModule] });
      expect((await host.getAsUser()).status).toBe(200);
      expect(nudge.requests).toMatchObject([
        { query: { expiryMins: ['75'] }, apiKeyFingerprint: fingerprintOf(EMEA.key) },
      ]);
    });

    it('with the static extras beside a factory, and not in what it returns', async () => {
      const host = await start({
        modules: [
          NudgeAuthModule.forRootAsync({
            name: 'emea',
            isGlobal: true,
            endpoint: { path: 'mine' },
            useFactory: () => ({ apiKey: KEY, baseUrl: nudge.url }),
          }),
          HostAuthModule,
        ],
      });
      expect((await host.getAsUser('/mine')).status).toBe(200);

      await expect(
        start({
          modules: [
            NudgeAuthModule.forRootAsync({
              useFactory: () => ({ apiKey: KEY, endpoint: false, isGlobal: true }) as NudgeAuthOptions,
            }),
          ],
        }),
      ).rejects.toThrow(
        'its options have 2 problems:\n' +
          '  - endpoint: must be known before factories run: put it beside useFactory, not into what it returns\n' +
          '  - isGlobal: must be known before factories run',
      );
    });
  });

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
