import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseGuards, type DynamicModule } from '@nestjs/common';
import { AuthGuard, PassportModule } from '@nestjs/passport';
import {
  InjectNudgeTokenService,
  NudgeTokenService,
  NudgeUserGuard,
  NudgeUserGuardFor,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import passport from 'passport';
import { fingerprintOf } from '../../src/common/secret.js';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule, HostJwtStrategy, USER_SECRET, userJwt } from '../support/users.js';
import { hostsForEachTest } from './support/hosts.js';
import { OpenGuard } from './support/open-guard.js';
import { APAC, EMEA, KEY, registration, userJwtOf } from './support/registrations.js';

const GUIDANCE =
  "NudgeAuthModule guards GET /nudge/token with the application's passport strategy 'jwt', but there is none.";

describe.each(PLATFORMS)('registrations on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = hostsForEachTest(platform);
  const of = (options: Partial<NudgeAuthModuleOptions> = {}): DynamicModule =>
    registration(nudge.url, options);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY, EMEA.key, APAC.key] });
  });

  beforeEach(() => nudge.reset());

  afterEach(() => void passport.unuse('jwt'));

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
});
