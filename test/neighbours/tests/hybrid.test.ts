// beside: @nestjs/microservices, @nestjs/core
import { API_KEY, bearer, startNudge } from '../support/environment.js';
import { Logger, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, Transport, type MicroserviceOptions } from '@nestjs/microservices';
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

const runProgram = promisify(execFile);
const REPL = '../snippets/repl.js';

/** The trap: a microservice of a hybrid application inherits no filter. */
async function careless(httpPort: number, rpcPort: number): Promise<INestApplication> {
  const app = await NestFactory.create(HybridModule);
  const options = { host: '127.0.0.1', port: rpcPort };
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options });
  await app.startAllMicroservices();
  await app.listen(httpPort);
  return app;
}

async function askByMessage(port: number): Promise<unknown> {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  try {
    return await firstValueFrom(client.send('nudge-token', {}));
  } catch (error) {
    return error;
  } finally {
    client.close();
  }
}

describe('hybrid applications and the REPL', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    Logger.overrideLogger(false);
    nudge = await startNudge();
  });
  beforeEach(() => nudge.reset());
  after(() => nudge.stop());

  it('share one token between the route and the messages, fetched by the warm-up', async () => {
    const [httpPort, rpcPort] = [await freePort(), await freePort()];
    const app = await bootstrap(httpPort, rpcPort);
    try {
      assert.equal(nudge.counters.received, 1);
      const answer = await fetch(`http://127.0.0.1:${httpPort}/nudge/token`, { headers: bearer() });
      const { token } = (await answer.json()) as { token: string };
      assert.equal(await askByMessage(rpcPort), token);
      assert.equal(nudge.counters.received, 1);
    } finally {
      await app.close();
    }
    await assert.rejects(app.get(NudgeTokenService, { strict: false }).getToken());
    await assert.rejects(fetch(`http://127.0.0.1:${httpPort}/nudge/token`));
    assert.match(String(await askByMessage(rpcPort)), /ECONNREFUSED/);
  });

  /** What the caller of a message reads when Nudge limits the calls. */
  async function failureOf(boot: typeof bootstrap): Promise<{ code?: string; message?: string }> {
    const rpcPort = await freePort();
    const app = await boot(await freePort(), rpcPort);
    try {
      nudge.setFault({ kind: 'rate-limit' });
      await app.get(NudgeTokenService, { strict: false }).invalidate();
      return (await askByMessage(rpcPort)) as object;
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
