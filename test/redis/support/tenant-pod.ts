import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { NudgeAuthModule } from '../../../src/module/nudge-auth.module.js';
import type { NudgeAuthOptions } from '../../../src/options/nudge-auth.options.js';
import { RedisTokenStore } from '../../../src/redis/index.js';
import { NudgeTokenService } from '../../../src/service/nudge-token.service.js';
import type { TenantAnswer, TenantAppConfig, TenantPodCommand } from './tenant-pod-protocol.js';

/*
 * One process of a fleet that serves tenants: applications with only the module. Its parent process sends it commands.
 */

const keys = new Map<string, string>();
const apps = new Map<string, NudgeTokenService>();
const losses = new Map<string, number>();

async function start(name: string, config: TenantAppConfig): Promise<NudgeTokenService> {
  const { baseUrl, scope, keyPrefix, encryptionKeys, redisUrl } = config;
  const common = {
    tenants: {
      id: () => 'the endpoint is not used',
      config: (tenant: string) => ({ apiKey: keys.get(tenant) ?? '' }),
      configTtlMs: 1_000,
    },
    baseUrl,
    // The timeout is long, because the test machine is busy and the speed of Redis is not under test.
    store: new RedisTokenStore({ url: redisUrl, keyPrefix, encryptionKeys, timeoutMs: 300 }),
  };
  const options: NudgeAuthOptions =
    scope === 'user' ? { ...common, scope, extId: () => 'the endpoint is not used' } : { ...common, scope };

  @Module({ imports: [NudgeAuthModule.forRoot({ ...options, endpoint: false })] })
  class PodModule {}
  const app = await NestFactory.createApplicationContext(PodModule, { logger: false });
  const service = app.get(NudgeTokenService);
  service.subscribe(({ type }) => {
    if (type === 'store-lost') losses.set(name, (losses.get(name) ?? 0) + 1);
  });
  return service;
}

function appNamed(name: string): NudgeTokenService {
  const app = apps.get(name);
  if (app === undefined) throw new Error(`The pod has no application ${name}`);
  return app;
}

async function ask(app: NudgeTokenService, tenant: string, user: string): Promise<TenantAnswer> {
  const { scope } = app.status();
  try {
    const { token } = await app.getToken(scope === 'user' ? { tenant, extId: user } : { tenant });
    const { ext } = decodeJwt<{ ext?: string }>(token);
    return { tenant, user, kid: decodeProtectedHeader(token).kid, extId: ext };
  } catch (error) {
    return {
      tenant,
      user,
      code: error instanceof Error && 'code' in error ? String(error.code) : String(error),
    };
  }
}

async function run(command: TenantPodCommand): Promise<unknown> {
  switch (command.do) {
    case 'start':
      apps.set(command.app, await start(command.app, command.config));
      return undefined;
    case 'ask': {
      const app = appNamed(command.app);
      const asked = command.tenants.flatMap((tenant) => command.users.map((user) => ask(app, tenant, user)));
      return Promise.all(asked);
    }
    case 'set-key':
      return void keys.set(command.tenant, command.apiKey);
    case 'invalidate':
      return appNamed(command.app).invalidate({ tenant: command.tenant });
    case 'has-store':
      return appNamed(command.app).status().storeAvailable;
    case 'count-losses':
      return losses.get(command.app) ?? 0;
  }
}

process.on('disconnect', () => process.exit());
process.on('message', ({ id, command }: { id: number; command: TenantPodCommand }) => {
  void run(command).then((value) => process.send?.({ id, value }));
});
process.send?.({ id: 0 });
