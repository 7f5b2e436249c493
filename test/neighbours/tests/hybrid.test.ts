// beside: @nestjs/microservices, @nestjs/core, ioredis
import { API_KEY, bearer, startNudge } from '../support/environment.js';
import { Logger, type INestApplication } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import {
  ClientProxyFactory,
  Transport,
  type ClientOptions,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { firstValueFrom } from 'rxjs';
import { bootstrap, HybridModule } from '../snippets/hybrid.js';
import { freePort } from '../support/free-port.js';
import { startRedis } from '../support/redis-server.js';
import { adapterFor, PLATFORMS } from '../support/served.js';

const runProgram = promisify(execFile);
const REPL = '../snippets/repl.js';

/** The trap: a microservice of a hybrid application inherits no filter. */
async function careless(
  httpPort: number,
  rpcPort: number,
  adapter: AbstractHttpAdapter,
): Promise<INestApplication> {
  const app = await NestFactory.create(HybridModule, adapter);
  const options = { host: '127.0.0.1', port: rpcPort };
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options });
  await app.startAllMicroservices();
  await app.listen(httpPort);
  return app;
}

/** The answer to a message, or the error that its sender gets. */
async function askByMessage(options: ClientOptions): Promise<unknown> {
  const client = ClientProxyFactory.create(options);
  try {
    return await firstValueFrom(client.send('nudge-token', {}));
  } catch (error) {
    return error;
  } finally {
    await client.close();
  }
}

const overTcp = (port: number) =>
  ({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }) as const;

describe('hybrid applications, microservices and the REPL', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    Logger.overrideLogger(false);
    nudge = await startNudge();
  });
  beforeEach(() => nudge.reset());
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(`on ${platform}`, () => {
      it('share one token between the route and the messages, fetched by the warm-up', async () => {
        const [httpPort, rpcPort] = [await freePort(), await freePort()];
        const app = await bootstrap(httpPort, rpcPort, adapterFor(platform));
        try {
          assert.equal(nudge.counters.received, 1);
          const answer = await fetch(`http://127.0.0.1:${httpPort}/nudge/token`, { headers: bearer() });
          const { token } = (await answer.json()) as { token: string };
          assert.equal(await askByMessage(overTcp(rpcPort)), token);
          assert.equal(nudge.counters.received, 1);
        } finally {
          await app.close();
        }
        await assert.rejects(app.get(NudgeTokenService, { strict: false }).getToken());
        await assert.rejects(fetch(`http://127.0.0.1:${httpPort}/nudge/token`));
        assert.match(String(await askByMessage(overTcp(rpcPort))), /ECONNREFUSED/);
      });

      /** What the caller of a message reads when Nudge limits the calls. */
      async function failureOf(boot: typeof bootstrap): Promise<{ code?: string; message?: string }> {
        const rpcPort = await freePort();
        const app = await boot(await freePort(), rpcPort, adapterFor(platform));
        try {
          nudge.setFault({ kind: 'rate-limit' });
          await app.get(NudgeTokenService, { strict: false }).invalidate();
          return (await askByMessage(overTcp(rpcPort))) as object;
        } finally {
          await app.close();
        }
      }

      it('hide the code of an error from messages that inherit no filter (the trap)', async () => {
        const { code, message } = await failureOf(careless);
        assert.deepEqual([code, message], [undefined, 'Internal server error']);
      });

      it('tell messages the code of an error', async () => {
        assert.equal((await failureOf(bootstrap)).code, 'NUDGE_RATE_LIMITED');
      });
    });
  }

  it('answer messages over Redis, with a token or with the code of an error', async () => {
    const redis = await startRedis();
    const options = { transport: Transport.REDIS, options: { host: '127.0.0.1', port: redis.port } } as const;
    const service = await NestFactory.createMicroservice<MicroserviceOptions>(HybridModule, options);
    try {
      await service.listen();
      assert.match(String(await askByMessage(options)), /^eyJ/);
      nudge.setFault({ kind: 'rate-limit' });
      await service.get(NudgeTokenService, { strict: false }).invalidate();
      assert.equal(((await askByMessage(options)) as { code: string }).code, 'NUDGE_RATE_LIMITED');
    } finally {
      await service.close();
      await redis.stop();
    }
  });

  /** What the REPL shows for a line. It ends itself after that. */
  async function shownFor(line: string): Promise<string> {
    const running = runProgram('node', [fileURLToPath(new URL(REPL, import.meta.url))]);
    running.child.stdin?.end(`${line}\n.exit\n`);
    const { stdout } = await running;
    assert.ok(!stdout.includes(API_KEY));
    return stdout;
  }

  it('show a token on the screen of the REPL if it is asked for (the trap), and none with the status', async () => {
    const [token, status] = await Promise.all(
      ['await get(NudgeTokenService).getToken()', 'get(NudgeTokenService).status()'].map(shownFor),
    );
    assert.match(token ?? '', /token: .*eyJ/);
    assert.match(status ?? '', /canServe: /);
    assert.doesNotMatch(status ?? '', /eyJ/);
    assert.equal(nudge.counters.received, 1);
  });
});
