import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Module,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { NudgeTokenService, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';

const API_KEY = 'obviously-fake-private-key-for-host-app-tests';

describe.each(PLATFORMS)('in a host application on %s', (platform) => {
  let nudge: NudgeEmulator;
  let registration: NudgeAuthModuleOptions;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
    registration = { apiKey: API_KEY, baseUrl: nudge.url };
  });

  beforeEach(() => nudge.reset());

  afterAll(() => nudge.stop());

  describe('the endpoint', () => {
    it('gets the global prefix', async () => {
      await using host = await Host.start(platform, {
        nudge: registration,
        configure: (app) => void app.setGlobalPrefix('api/internal'),
      });
      expect((await host.getAsUser('/api/internal/nudge/token')).status).toBe(200);
      expect((await host.getAsUser('/nudge/token')).status).toBe(404);
    });

    it('serves every version, or only the configured one, with URI versioning', async () => {
      const configure = (app: Host['app']): void =>
        void app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      await using neutral = await Host.start(platform, { nudge: registration, configure });
      expect((await neutral.getAsUser('/nudge/token')).status).toBe(200);
      expect((await neutral.getAsUser('/v1/nudge/token')).status).toBe(404);

      await using second = await Host.start(platform, {
        nudge: { ...registration, endpoint: { version: '2' } },
        configure,
      });
      expect((await second.getAsUser('/v2/nudge/token')).status).toBe(200);
      expect((await second.getAsUser('/nudge/token')).status).toBe(404);
    });

    it('serves every version, or only the configured ones, with header versioning', async () => {
      const configure = (app: Host['app']): void =>
        void app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
      await using neutral = await Host.start(platform, { nudge: registration, configure });
      expect((await neutral.getAsUser('/nudge/token')).status).toBe(200);
      expect((await neutral.getAsUser('/nudge/token', { 'x-version': '7' })).status).toBe(200);

      await using second = await Host.start(platform, {
        nudge: { ...registration, endpoint: { version: ['2', '3'] } },
        configure,
      });
      expect((await second.getAsUser('/nudge/token', { 'x-version': '3' })).status).toBe(200);
      expect((await second.getAsUser('/nudge/token', { 'x-version': '1' })).status).toBe(404);
    });

    it('can have another path, or be left out', async () => {
      await using moved = await Host.start(platform, {
        nudge: { ...registration, endpoint: { path: '/v9/tokens/' } },
      });
      expect((await moved.getAsUser('/v9/tokens')).status).toBe(200);
      expect((await moved.getAsUser('/nudge/token')).status).toBe(404);

      await using none = await Host.start(platform, {
        nudge: { ...registration, endpoint: false },
        modules: [],
      });
      expect((await none.getAsUser('/nudge/token')).status).toBe(404);
      expect((await none.app.get(NudgeTokenService).getToken()).token).toEqual(expect.any(String));
    });

    it.each([
      { chosen: 502, status: 502 },
      { chosen: 429, status: 429 },
      { chosen: undefined, status: 503 },
      { chosen: 200, status: 503 },
      { chosen: 42, status: 503 },
      { chosen: 503.5, status: 503 },
    ])('fails with $status if errorStatus returns $chosen', async ({ chosen, status }) => {
      const codes: string[] = [];
      nudge.setFault({ kind: 'firewall' });
      await using host = await Host.start(platform, {
        nudge: {
          ...registration,
          endpoint: {
            errorStatus: (code) => {
              codes.push(code);
              return chosen;
            },
          },
        },
      });
      const answer = await host.getAsUser();
      expect([answer.status, answer.json()['statusCode'], codes]).toEqual([
        status,
        status,
        ['NUDGE_UNAVAILABLE'],
      ]);
    });

    it('uses endpoint.guards instead of its own guard', async () => {
      @Injectable()
      class Doorkeeper {
        readonly word = 'sesame';
      }
      @Module({ providers: [Doorkeeper], exports: [Doorkeeper] })
      class DoorModule {}
      @Injectable()
      class DoorGuard implements CanActivate {
        constructor(private readonly keeper: Doorkeeper) {}
        canActivate(context: ExecutionContext): boolean {
          const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
          return headers['x-word'] === this.keeper.word;
        }
      }
      await using host = await Host.start(platform, {
        nudge: { ...registration, imports: [DoorModule], endpoint: { guards: [DoorGuard] } },
        modules: [],
      });
      expect((await host.get('/nudge/token', { 'x-word': 'sesame' })).status).toBe(200);
      expect((await host.getAsUser('/nudge/token')).status).toBe(403);

      await expect(
        Host.start(platform, { nudge: { ...registration, endpoint: { guards: [DoorGuard] } }, modules: [] }),
      ).rejects.toThrow('Doorkeeper');
    });

    it('stops the boot if a class among its guards has no canActivate', async () => {
      class NoGuard {
        canActivte(): boolean {
          return false;
        }
      }
      class FieldGuard {
        readonly canActivate = (): boolean => false;
      }
      const guards = (...classes: object[]): NudgeAuthModuleOptions => ({
        ...registration,
        endpoint: { guards: classes as Type<CanActivate>[] },
      });
      await expect(Host.start(platform, { nudge: guards(FieldGuard, NoGuard), modules: [] })).rejects.toThrow(
        'class NoGuard',
      );
      await using host = await Host.start(platform, { nudge: guards(FieldGuard), modules: [] });
      expect((await host.get('/nudge/token')).status).toBe(403);
    });
  });
});
