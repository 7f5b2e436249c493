import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import passport from 'passport';
import { Strategy } from 'passport-jwt';
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
  strategyOptions,
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
});
