import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Module,
  Scope,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import {
  NudgeAuthModule,
  type NudgeAuthModuleAsyncOptions,
  type NudgeAuthModuleOptions,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule } from '../support/users.js';
import { hostsForEachTest } from './support/hosts.js';
import { verifyingRegistration } from './support/verifying-registration.js';
import { OpenGuard } from './support/open-guard.js';

const KEY = 'obviously-fake-private-key-of-a-refused-boot';

describe.each(PLATFORMS)('the module inside Nest on %s', (platform) => {
  let nudge: NudgeEmulator;
  const start = hostsForEachTest(platform);

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  const of = (options: Partial<NudgeAuthModuleOptions> = {}): DynamicModule =>
    verifyingRegistration(nudge.url, KEY, options);

  describe('stops the boot if the route would be open', () => {
    const noGuards = { endpoint: { guards: [] } };

    it('unless there is a global guard of any kind or a guard on the handler', async () => {
      await expect(start({ modules: [of(noGuards)] })).rejects.toThrow(
        'endpoint.guards is empty and no global guard (APP_GUARD, useGlobalGuards) stands before GET /nudge/token',
      );
      await expect(
        start({ modules: [of({ endpoint: { guards: [], decorators: [SetMetadata('public', true)] } })] }),
      ).rejects.toThrow('endpoint.guards is empty');
      const guarded = [
        { modules: [of(noGuards)], providers: [{ provide: APP_GUARD, useClass: OpenGuard }] },
        {
          modules: [of(noGuards)],
          providers: [{ provide: APP_GUARD, useClass: OpenGuard, scope: Scope.REQUEST }],
        },
        {
          modules: [of(noGuards)],
          configure: (app: Host['app']) => void app.useGlobalGuards(new OpenGuard()),
        },
        { modules: [of({ endpoint: { guards: [], decorators: [UseGuards(OpenGuard)] } })] },
      ];
      for (const settings of guarded) {
        const host = await start(settings);
        expect((await host.get('/nudge/token')).status).toBe(200);
      }
    });
  });

  describe('stops the boot if the options depend on the request', () => {
    @Injectable({ scope: Scope.REQUEST, durable: true })
    class Durable {
      readonly key = KEY;
    }
    @Module({ providers: [Durable], exports: [Durable] })
    class DurableModule {}
    @Injectable({ scope: Scope.REQUEST })
    class FromRequest {
      createNudgeAuthOptions(): NudgeAuthModuleOptions {
        return { apiKey: KEY };
      }
    }

    it.each<{ is: string; options: NudgeAuthModuleAsyncOptions }>([
      { is: 'inject: [REQUEST]', options: { inject: [REQUEST], useFactory: () => ({ apiKey: KEY }) } },
      {
        is: 'a durable provider',
        options: { imports: [DurableModule], inject: [Durable], useFactory: () => ({ apiKey: KEY }) },
      },
      { is: 'a class of request scope', options: { useClass: FromRequest } },
    ])('through $is', async ({ options }) => {
      await expect(
        start({ modules: [NudgeAuthModule.forRootAsync(options), HostAuthModule] }),
      ).rejects.toThrow(/options: depend on the request.*option tenants.*extId/s);
      expect(nudge.counters.received).toBe(0);
    });
  });

  describe('stops the boot if the options class lacks createNudgeAuthOptions', () => {
    @Injectable()
    class Misnamed {
      createNudgeOptions(): NudgeAuthModuleOptions {
        return { apiKey: KEY };
      }
    }
    @Module({ providers: [Misnamed], exports: [Misnamed] })
    class MisnamedModule {}

    it.each([
      { way: 'useClass', options: { useClass: Misnamed } },
      { way: 'useExisting', options: { imports: [MisnamedModule], useExisting: Misnamed } },
    ])('with $way', async ({ way, options }) => {
      await expect(
        start({ modules: [NudgeAuthModule.forRootAsync(options as never), HostAuthModule] }),
      ).rejects.toThrow(`  - ${way}: the provider Misnamed has no method createNudgeAuthOptions`);
    });
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'headers',
    'url',
    'body',
    'query',
    'raw',
    'socket',
    'on',
    'validateInput',
    'getValidationFunction',
    'compileValidationSchema',
    'getDecorator',
    'setDecorator',
    'mediaType',
    'signal',
  ])('refuses %s as userProperty', (userProperty) => {
    expect(() => of({ endpoint: { userProperty } })).toThrow(
      `endpoint.userProperty: must be a property that a request does not have by itself, such as user: ${userProperty} is taken`,
    );
  });

  it('refuses every property that a request already has as userProperty', async () => {
    let members: string[] = [];
    @Injectable()
    class Witness implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        let part: unknown = context.switchToHttp().getRequest<object>();
        for (; typeof part === 'object' && part !== null; part = Object.getPrototypeOf(part)) {
          members = [...members, ...Object.getOwnPropertyNames(part)];
        }
        return true;
      }
    }
    const host = await start({ modules: [of({ endpoint: { guards: [Witness] } })] });
    await host.get('/nudge/token');
    expect(members).toContain('headers');
    for (const userProperty of members.filter((name) => !name.startsWith('_'))) {
      expect(() => of({ endpoint: { userProperty } })).toThrow(`${userProperty} is taken`);
    }
  });
});
