import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseGuards, type OnApplicationBootstrap } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import {
  NudgeUserGuard,
  NudgeUserGuardFor,
  type NudgeAuthModuleOptions,
  type NudgeClientScopeOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import passport from 'passport';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { hostsForEachTest } from './support/hosts.js';
import {
  KEY,
  handMade,
  moduleWith,
  registeredOn,
  ONLY_A,
  ONLY_B,
  SECRET_A,
  SECRET_B,
  statuses,
  strategyClass,
} from './support/two-applications.js';

describe.each(PLATFORMS)('two applications in one process on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = hostsForEachTest(platform);
  const { of, withStrategy, withoutStrategy } = registeredOn(start, () => nudge);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
  });

  afterEach(() => {
    for (const name of ['jwt', 'jwt-refresh']) passport.unuse(name);
  });

  afterAll(() => nudge.stop());

  describe('find a strategy', () => {
    it('that another provider has made', async () => {
      @Injectable()
      class Authentication {
        constructor() {
          passport.use('jwt', handMade(SECRET_A));
        }
      }
      expect(await statuses(await start({ modules: [of(), moduleWith(Authentication)] }))).toEqual(ONLY_A);
    });

    it('in a lazy module at the first request, and keep using it', async () => {
      const host = await withoutStrategy({ endpoint: { verifyStrategy: false } });
      expect((await statuses(host)).a).toBe(500);
      const lazy = moduleWith(strategyClass(SECRET_A));
      await host.app.get(LazyModuleLoader).load(() => lazy);
      expect(await statuses(host)).toEqual(ONLY_A);
      passport.use('jwt', handMade(SECRET_B));
      expect(await statuses(host)).toEqual(ONLY_A);
    });

    it('only if there is an endpoint: without one they need no strategy', async () => {
      await expect(withoutStrategy({ endpoint: false })).resolves.toBeInstanceOf(Host);
    });
  });

  describe('with NudgeUserGuard on their own routes', () => {
    @Controller()
    class Routes {
      @Get('mine')
      @UseGuards(NudgeUserGuard)
      mine(): string {
        return 'mine';
      }
    }

    @Controller()
    class NamedRoutes {
      @Get('emea')
      @UseGuards(NudgeUserGuardFor('emea'))
      emea(): string {
        return 'emea';
      }
    }

    const verifiedBy = (secret: string): NudgeAuthModuleOptions['userJwt'] => ({
      secret,
      algorithms: ['HS256'],
    });

    it('verify users by the registration that the module imports', async () => {
      const a = await start({ modules: [of({ userJwt: verifiedBy(SECRET_A) })], controllers: [Routes] });
      const b = await start({
        modules: [of({ userJwt: verifiedBy(SECRET_B) }), of({ name: 'emea', userJwt: verifiedBy(SECRET_A) })],
        controllers: [Routes, NamedRoutes],
      });
      expect([await statuses(a, '/mine'), await statuses(b, '/mine')]).toEqual([ONLY_A, ONLY_B]);
      expect(await statuses(b, '/emea')).toEqual(ONLY_A);
      await b.close();
      expect(await statuses(a, '/mine')).toEqual(ONLY_A);
    });

    it('verify users by the host’s strategy if there is no userJwt, also without an endpoint', async () => {
      const a = await start({
        modules: [of({ endpoint: false }), moduleWith(strategyClass(SECRET_A))],
        controllers: [Routes],
      });
      await withStrategy(SECRET_B);
      expect(await statuses(a, '/mine')).toEqual(ONLY_A);
    });

    it('do not boot without the registration, and name the guard that needs it', async () => {
      const modules = [of({ userJwt: verifiedBy(SECRET_A) })];
      await expect(start({ modules, controllers: [NamedRoutes] })).rejects.toThrow('NudgeUserGuardFor(emea)');
    });

    it('get the same guard class for the same name', () => {
      expect(NudgeUserGuardFor('emea')).toBe(NudgeUserGuardFor('emea'));
    });
  });

  describe('with userJwt.strategyName', () => {
    const registry = passport as unknown as { _strategies: Record<string, unknown> };
    const named = (secret: string): Partial<NudgeClientScopeOptions> => ({
      userJwt: { secret, algorithms: ['HS256'], strategyName: 'nudge-user' },
    });

    @Controller('legacy')
    class Legacy {
      @Get()
      @UseGuards(AuthGuard('nudge-user'))
      legacy(): string {
        return 'legacy';
      }
    }

    it('do not get the name while another application has it, and give it back when they close', async () => {
      const a = await start({ modules: [of(named(SECRET_A))], controllers: [Legacy] });
      await expect(start({ modules: [of(named(SECRET_B))], controllers: [Legacy] })).rejects.toThrow(
        /userJwt\.strategyName: is the name of a strategy that is registered in passport already/,
      );
      expect(await statuses(a, '/legacy')).toEqual(ONLY_A);
      await a.close();
      expect(registry._strategies).not.toHaveProperty('nudge-user');
      const b = await start({ modules: [of(named(SECRET_B))], controllers: [Legacy] });
      expect(await statuses(b, '/legacy')).toEqual(ONLY_B);
    });

    it('register nothing before they have booted, after a failed boot, or without the option', async () => {
      const before = Object.keys(registry._strategies);
      const testing = await Test.createTestingModule({ imports: [of(named(SECRET_A))] }).compile();
      expect(Object.keys(registry._strategies)).toEqual(before);
      await testing.close();
      nudge.setApiKeys(['obviously-fake-key-of-another-account']);
      await expect(withoutStrategy({ ...named(SECRET_A), warmUp: 'required' })).rejects.toThrow();
      nudge.setApiKeys([KEY]);
      await start({ modules: [of({ userJwt: { secret: SECRET_A, algorithms: ['HS256'] } })] });
      expect(Object.keys(registry._strategies)).toEqual(before);
    });

    it('withdraw the strategy when the boot fails later and the application is closed', async () => {
      @Injectable()
      class Broken implements OnApplicationBootstrap {
        onApplicationBootstrap(): void {
          throw new Error('the database is down');
        }
      }
      // The test host closes an application whose boot has failed.
      await expect(
        Host.start(platform, { modules: [of(named(SECRET_A))], providers: [Broken] }),
      ).rejects.toThrow('the database is down');
      expect(registry._strategies).not.toHaveProperty('nudge-user');
    });

    it.each(['', 5])('refuse %p as a name', async (strategyName) => {
      const options = { secret: SECRET_A, algorithms: ['HS256'], strategyName };
      await expect(withoutStrategy({ userJwt: options } as never)).rejects.toThrow(
        'userJwt.strategyName: must be the name to give to AuthGuard',
      );
    });
  });
});
