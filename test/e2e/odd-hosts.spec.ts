import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NudgeAuthModule, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { HostAuthModule } from '../support/users.js';

const KEY = 'obviously-fake-private-key-of-odd-hosts';

@Module({ imports: [NudgeAuthModule] })
class ShopModule {}

describe('in an application that is set up in an odd way', () => {
  let nudge: NudgeEmulator;
  let registration: NudgeAuthModuleOptions;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
    registration = { apiKey: KEY, baseUrl: nudge.url };
  });

  afterAll(() => nudge.stop());

  it.each(PLATFORMS)(
    'the boot on %s names each module that imports the class without forRoot, and says what to do',
    async (platform) => {
      for (const isGlobal of [false, true]) {
        const starting = Host.start(platform, {
          nudge: { ...registration, isGlobal },
          modules: [HostAuthModule, ShopModule],
        });
        await expect(starting).rejects.toThrow(
          'the class NudgeAuthModule is imported without forRoot or forRootAsync (by ShopModule): register it once',
        );
      }
    },
  );

  it.each([false, true])(
    'a hook of Fastify that makes every answer cacheable does not make a token cacheable, passthrough %s',
    async (passthrough) => {
      await using host = await Host.start('fastify', {
        nudge: { ...registration, endpoint: { passthrough } },
        configure: (app) => {
          (app as NestFastifyApplication)
            .getHttpAdapter()
            .getInstance()
            .addHook('onSend', async (_request, reply) => {
              reply.header('Cache-Control', 'public, max-age=60');
            });
        },
      });
      for (const answer of [await host.getAsUser(), await host.get('/nudge/token')]) {
        expect(answer.headers['cache-control']).toBe('private, no-store');
      }
      expect((await host.get('/elsewhere')).headers['cache-control']).toBe('public, max-age=60');
    },
  );
});
