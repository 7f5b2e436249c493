import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, UseGuards, type OnApplicationBootstrap } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import {
  NudgeAuthModule,
  NudgeUserGuard,
  NudgeUserGuardFor,
  type NudgeAuthModuleOptions,
  type NudgeClientScopeOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import passport from 'passport';
import { ExtractJwt, Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { Host, type HostSettings } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { userJwt } from '../support/users.js';

const KEY = 'obviously-fake-private-key-of-two-applications';
const SECRET_A = 'obviously-fake-user-secret-of-application-a';
const SECRET_B = 'obviously-fake-user-secret-of-application-b';

const strategyOptions = (secretOrKey: string): StrategyOptionsWithoutRequest => ({
  jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
  secretOrKey,
  algorithms: ['HS256'],
});

/** The strategy of a host application, as its engineers would write it. */
function strategyClass(secret: string, name = 'jwt'): new () => Strategy {
  @Injectable()
  class JwtStrategy extends PassportStrategy(Strategy, name) {
    constructor() {
      super(strategyOptions(secret));
    }

    validate({ sub }: { sub: string }): object {
      return { id: sub };
    }
  }
  return JwtStrategy;
}

function moduleWith(provider: new () => unknown): new () => object {
  @Module({ imports: [PassportModule], providers: [provider] })
  class AuthModule {}
  return AuthModule;
}

/** A strategy that is not a Nest provider. */
function handMade(secret: string): Strategy {
  return new Strategy(strategyOptions(secret), (payload: unknown, done: (e: unknown, u: unknown) => void) =>
    done(null, payload),
  );
}

describe.each(PLATFORMS)('two applications in one process on %s', (platform) => {
  let nudge: NudgeEmulator;
  const hosts: Host[] = [];

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
  });

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    for (const name of ['jwt', 'jwt-refresh']) passport.unuse(name);
  });

  afterAll(() => nudge.stop());

  function of(options: Partial<NudgeAuthModuleOptions> = {}): ReturnType<typeof NudgeAuthModule.forRoot> {
    return NudgeAuthModule.forRoot({ apiKey: KEY, baseUrl: nudge.url, ...options } as NudgeAuthModuleOptions);
  }

  async function start(settings: HostSettings): Promise<Host> {
    const host = await Host.start(platform, settings);
    hosts.push(host);
    return host;
  }

  const withStrategy = (secret: string, options: Partial<NudgeAuthModuleOptions> = {}): Promise<Host> =>
    start({ modules: [of(options), moduleWith(strategyClass(secret))] });

  const withoutStrategy = (options: Partial<NudgeAuthModuleOptions> = {}): Promise<Host> =>
    start({ modules: [of(options), PassportModule] });

  async function statuses(host: Host, path = '/nudge/token'): Promise<{ a: number; b: number }> {
    const statusOf = async (secret: string): Promise<number> => {
      const authorization = `Bearer ${await userJwt({ sub: 'ada' }, { secret })}`;
      return (await host.get(path, { authorization })).status;
    };
    return { a: await statusOf(SECRET_A), b: await statusOf(SECRET_B) };
  }

  const ONLY_A = { a: 200, b: 401 };
  const ONLY_B = { a: 401, b: 200 };

  describe('with their own strategies', () => {
    it('keep their users apart in any order of registration, and after the other one has closed', async () => {
      const a = await withStrategy(SECRET_A);
      const b = await withStrategy(SECRET_B);
      expect([await statuses(a), await statuses(b)]).toEqual([ONLY_A, ONLY_B]);
      await b.close();
      expect(await statuses(a)).toEqual(ONLY_A);
    });

    it('keep their users apart when another strategy takes the name after the boot', async () => {
      const a = await withStrategy(SECRET_A);
      passport.use('jwt', handMade(SECRET_B));
      expect(await statuses(a)).toEqual(ONLY_A);
      passport.unuse('jwt');
      expect(await statuses(a)).toEqual(ONLY_A);
    });

    it('keep their users apart when another strategy takes the name during the boot', async () => {
      @Injectable()
      class Late implements OnApplicationBootstrap {
        onApplicationBootstrap(): void {
          passport.use('jwt', handMade(SECRET_B));
        }
      }
      @Module({ providers: [Late] })
      class LateModule {}
      const a = await start({ modules: [of(), moduleWith(strategyClass(SECRET_A)), LateModule] });
      expect(await statuses(a)).toEqual(ONLY_A);
    });

    it('serve concurrent requests of different users with one strategy', async () => {
      const a = await withStrategy(SECRET_A);
      const answers = await Promise.all(Array.from({ length: 20 }, () => statuses(a)));
      expect(answers).toEqual(answers.map(() => ONLY_A));
    });

    it('boot although an earlier application was never closed', async () => {
      await withStrategy(SECRET_A);
      expect(await statuses(await withStrategy(SECRET_B))).toEqual(ONLY_B);
    });
  });

  describe('one of which has no strategy', () => {
    const BELONGS = "'jwt', but the one that is registered belongs to another application of this process";

    it('stop its boot, unless it shares the strategy of the other one on purpose', async () => {
      const a = await withStrategy(SECRET_A);
      await expect(withoutStrategy()).rejects.toThrow(BELONGS);
      expect(await statuses(a)).toEqual(ONLY_A);
      const shared = await withoutStrategy({ endpoint: { verifyStrategy: false } });
      expect(await statuses(shared)).toEqual(ONLY_A);
    });

    it('stop its boot also if the other one verifies its users with userJwt', async () => {
      await withStrategy(SECRET_A, { userJwt: { secret: SECRET_B, algorithms: ['HS256'] } });
      await expect(withoutStrategy()).rejects.toThrow(BELONGS);
    });

    it('stop its boot also if the other one has loaded its strategy lazily or made it by hand', async () => {
      const a = await withoutStrategy({ endpoint: { verifyStrategy: false } });
      const lazy = moduleWith(strategyClass(SECRET_A));
      await a.app.get(LazyModuleLoader).load(() => lazy);
      await expect(withoutStrategy()).rejects.toThrow(BELONGS);
      await a.close();
      passport.use('jwt', handMade(SECRET_A));
      const b = await withoutStrategy();
      await expect(withoutStrategy()).rejects.toThrow(BELONGS);
      await b.close();
      expect(await statuses(await withoutStrategy())).toEqual(ONLY_A);
    });

    it('do not let it use the strategy that a failed boot has left in passport', async () => {
      @Injectable()
      class Broken {
        constructor() {
          throw new Error('the database is down');
        }
      }
      const auth = moduleWith(strategyClass(SECRET_A));
      const failing = Test.createTestingModule({ imports: [auth, of()], providers: [Broken] });
      await expect(failing.compile()).rejects.toThrow('the database is down');
      await expect(withoutStrategy()).rejects.toThrow(/belongs to another application|but there is none/);
      expect(await statuses(await withStrategy(SECRET_B))).toEqual(ONLY_B);
    });

    it('report two copies of passport if its strategy is registered in the other copy', async () => {
      const { Passport } = passport as unknown as { Passport: new () => typeof passport };
      const otherCopy = new Passport();
      @Injectable()
      class ForeignJwtStrategy extends Strategy {
        constructor() {
          super(strategyOptions(SECRET_A), () => undefined);
          otherCopy.use('jwt', this);
        }

        getPassportInstance(): unknown {
          return otherCopy;
        }
      }
      await expect(start({ modules: [of(), moduleWith(ForeignJwtStrategy)] })).rejects.toThrow(
        /provider ForeignJwtStrategy is not registered.*two copies of passport/s,
      );
      passport.use('jwt', handMade(SECRET_B));
      await expect(start({ modules: [of(), moduleWith(ForeignJwtStrategy)] })).rejects.toThrow('two copies');
    });
  });

  describe('with a strategy that is registered under another name but calls itself jwt', () => {
    it('do not boot with that strategy alone, even if another one has replaced it', async () => {
      const refresh = strategyClass(SECRET_B, 'jwt-refresh');
      const modules = [of(), moduleWith(refresh), moduleWith(refresh)];
      await expect(start({ modules })).rejects.toThrow("strategy 'jwt', but there is none");
      passport.use('jwt', handMade(SECRET_A));
      expect(await statuses(await start({ modules }))).toEqual(ONLY_A);
    });

    it('never accept its users when other strategies take both names during the boot', async () => {
      @Injectable()
      class Late implements OnApplicationBootstrap {
        onApplicationBootstrap(): void {
          passport.use('jwt-refresh', handMade('obviously-fake-secret-of-another-owner-0'));
          passport.use('jwt', handMade('obviously-fake-secret-of-another-owner-0'));
        }
      }
      const refresh = moduleWith(strategyClass(SECRET_B, 'jwt-refresh'));
      const modules = [of(), moduleWith(Late), refresh];
      const a = await start({ modules: [...modules, moduleWith(strategyClass(SECRET_A))] });
      expect(await statuses(a)).toEqual(ONLY_A);
    });

    it('do not bind it at the first request either', async () => {
      const refresh = moduleWith(strategyClass(SECRET_B, 'jwt-refresh'));
      const a = await start({ modules: [of({ endpoint: { verifyStrategy: false } }), refresh] });
      passport.use('jwt-refresh', handMade(SECRET_A));
      expect(await statuses(a)).toEqual({ a: 500, b: 500 });
    });

    it('use the strategy that was registered last as jwt, if there are several', async () => {
      @Injectable()
      class Late implements OnApplicationBootstrap {
        onApplicationBootstrap(): void {
          passport.use('jwt', handMade('obviously-fake-secret-of-another-owner-0'));
        }
      }
      const [first, last] = [strategyClass(SECRET_B), strategyClass(SECRET_A)];
      const modules = [of(), moduleWith(Late), moduleWith(first), moduleWith(last)];
      expect(await statuses(await start({ modules }))).toEqual(ONLY_A);
    });
  });

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
