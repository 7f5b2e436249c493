// beside: @nestjs/throttler
import { bearer, startNudge } from '../support/environment.js';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { seconds, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { adapterBehindProxies, trustProxiesOnExpress } from '../snippets/trust-proxy.js';
import { freePort } from '../support/free-port.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { startNginx } from '../support/nginx.js';
import { PLATFORMS, Served } from '../support/served.js';

const CONFIG = new URL('../../snippets/nginx.conf', import.meta.url);
const WAY_OUT = / {2}# the way out\n.*?\n {2}\}\n/s;
const TRAP = /^.*# the trap\n/m;

/** A module in user scope. */
@Module({
  imports: [
    NudgeAuthModule.forRootAsync({
      useFactory: () => ({
        ...nudgeAuthConfig(),
        scope: 'user' as const,
        extId: ({ id }: { id: string }) => id,
      }),
    }),
  ],
})
class UserScopeModule {}

@Module({
  imports: [ThrottlerModule.forRoot([{ ttl: seconds(60), limit: 1 }]), UserScopeModule],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})
class ThrottledModule {}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
}

/** Sends one request over HTTP/2 from the given loopback address. */
async function askFrom(localAddress: string, port: number, headers: Record<string, string>): Promise<Answer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    createConnection: () =>
      connectTls({
        socket: connect({ port, host: '127.0.0.1', localAddress }),
        ALPNProtocols: ['h2'],
        rejectUnauthorized: false,
      }),
  });
  try {
    const stream = session.request({ ':path': '/shop/nudge/token', ...headers });
    const [answered] = (await once(stream, 'response')) as [Record<string, unknown>];
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk as string;
    return { status: Number(answered[':status']), headers: answered, text };
  } finally {
    session.close();
  }
}

describe('nginx', () => {
  let nudge: NudgeEmulator;
  let tls: string;

  before(async () => {
    nudge = await startNudge();
    tls = await mkdtemp(join(tmpdir(), 'nudge-neighbours-tls-'));
    const files = ['-keyout', join(tls, 'key.pem'), '-out', join(tls, 'certificate.pem')];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', '-days', '1', '-subj', '/CN=localhost', ...key, ...files], {
      stdio: 'ignore',
    });
  });

  after(async () => {
    await rm(tls, { recursive: true });
    await nudge.stop();
  });

  /** Starts nginx with the page's configuration, after `change`, in front of an application. */
  async function inFront(served: Served, change = (config: string): string => config) {
    const port = await freePort();
    const config = await readFile(CONFIG, 'utf8');
    const nginx = await startNginx(port, (folder) =>
      change(config)
        .replace('/var/cache/nginx', folder)
        .replace('127.0.0.1:3000', new URL(served.url).host)
        .replace('listen 443', `listen 127.0.0.1:${port}`)
        .replaceAll('/etc/ssl/shop', tls),
    );
    return { port, [Symbol.asyncDispose]: nginx.stop };
  }

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      const start = (module: Type, trustsProxies = false): Promise<Served> =>
        Served.start(platform, module, {
          beside: [HostAuthModule],
          ...(trustsProxies && platform === 'fastify' ? { adapter: adapterBehindProxies() } : {}),
          configure: (app: INestApplication) => {
            if (trustsProxies && platform === 'express') trustProxiesOnExpress(app as NestExpressApplication);
          },
        });
      const tokensOf = async (port: number, ...users: string[]): Promise<unknown[]> => {
        const answers = [];
        for (const user of users) answers.push(await askFrom('127.0.0.1', port, bearer(user)));
        return answers.map(({ text }) => (JSON.parse(text) as { token: unknown }).token);
      };

      it('passes on a token and its headers over HTTP/2 below a prefix', async () => {
        await using served = await start(UserScopeModule);
        await using proxy = await inFront(served);
        const { status, headers, text } = await askFrom('127.0.0.1', proxy.port, bearer());
        assert.equal(status, 200);
        assert.equal(headers['cache-control'], 'private, no-store');
        assert.match(text, /^\{"token":"eyJ/);
        assert.equal((await askFrom('127.0.0.1', proxy.port, {})).headers['www-authenticate'], 'Bearer');
      });

      it('gives Bob the token of Ada if its cache ignores the headers (the trap)', async () => {
        await using served = await start(UserScopeModule);
        await using proxy = await inFront(served, (config) => config.replace(WAY_OUT, ''));
        const [ofAda, ofBob] = await tokensOf(proxy.port, 'ada', 'bob');
        assert.equal(ofBob, ofAda);
      });

      it('caches no token if its cache obeys the headers or is off for the route', async () => {
        await using served = await start(UserScopeModule);
        const changes = [(config: string) => config.replace(WAY_OUT, '').replace(TRAP, ''), undefined];
        for (const change of changes) {
          await using proxy = await inFront(served, change);
          const [ofAda, ofBob] = await tokensOf(proxy.port, 'ada', 'bob');
          assert.notEqual(ofBob, ofAda);
        }
      });

      it('makes all users one client of a throttler, unless the application trusts the proxy', async () => {
        const statuses = async (trustsProxies: boolean): Promise<number[]> => {
          await using served = await start(ThrottledModule, trustsProxies);
          await using proxy = await inFront(served);
          const first = await askFrom('127.0.0.1', proxy.port, bearer('ada'));
          const second = await askFrom('127.0.0.2', proxy.port, bearer('bob'));
          const forged = await askFrom('127.0.0.2', proxy.port, {
            ...bearer('bob'),
            'x-forwarded-for': '192.0.2.7',
          });
          return [first.status, second.status, forged.status];
        };
        assert.deepEqual(await statuses(false), [200, 429, 429]);
        assert.deepEqual(await statuses(true), [200, 200, 429]);
      });
    });
  }
});
