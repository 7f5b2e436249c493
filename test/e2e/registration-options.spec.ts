import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import {
  NudgeAuthModule,
  type NudgeAuthModuleAsyncOptions,
  type NudgeAuthModuleOptions,
  type NudgeAuthOptions,
  type NudgeAuthOptionsFactory,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { fingerprintOf } from '../../src/common/secret.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule } from '../support/users.js';
import { hostsForEachTest } from './support/hosts.js';
import { OpenGuard } from './support/open-guard.js';
import { APAC, EMEA, KEY, registration, userJwtOf } from './support/registrations.js';

describe.each(PLATFORMS)('registrations on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = hostsForEachTest(platform);
  const of = (options: Partial<NudgeAuthModuleOptions> = {}): DynamicModule =>
    registration(nudge.url, options);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY, EMEA.key, APAC.key] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

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
});
