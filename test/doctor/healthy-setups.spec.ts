import { describe, expect, it } from '@jest/globals';
import { NudgeEmulator } from '../../src/emulator/index.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { RedisServer } from '../redis/support/redis-server.js';
import { PLATFORMS } from '../support/platforms.js';
import { PAGE, withApp } from './support/application.js';
import { throughProxy, throughTls } from './setups/network.js';
import { asUser } from './setups/redis.js';
import { installPeers } from './setups/runtime.js';
import { PRIVATE_KEY, SECOND_KEY, Stage, type Diagnosis } from './support/stage.js';

/** Checks that there is no failure and no warning. Returns the names of the checks that passed. */
function expectHealth({ checks, isOk, exitCode }: Diagnosis): string[] {
  expect(checks.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([]);
  expect([isOk, exitCode]).toEqual([true, 0]);
  return checks.filter(({ status }) => status === 'pass').map(({ name }) => name);
}

async function healthyStage(): Promise<Stage> {
  const stage = await Stage.start();
  stage.argv.push('--strict');
  return stage;
}

const cors = { origin: PAGE, exposedHeaders: ['Retry-After', 'Nudge-Auth-Error'] };

describe('a healthy setup passes without a warning, also with --strict', () => {
  it('with nothing but a key', async () => {
    await using stage = await healthyStage();
    const passed = expectHealth(await stage.diagnose());
    expect(passed).toEqual(
      expect.arrayContaining(['api-key', 'options', 'tcp', 'call', 'token', 'clock', 'drift']),
    );
    expect(stage.nudge.counters.received).toBe(1);
  });

  it('with two keys in files, another token life, and the peers of Nest 11', async () => {
    await using stage = await healthyStage();
    installPeers(stage);
    delete stage.environment['NUDGE_API_KEY'];
    stage.environment['NUDGE_API_KEY_FILE'] = stage.writeFile('first', `${PRIVATE_KEY}\n`);
    stage.environment['NUDGE_FALLBACK_API_KEY_FILE'] = stage.writeFile('second', `${SECOND_KEY}\n`);
    stage.environment['NUDGE_DEFAULT_EXPIRY_MINS'] = '1440';
    expect(expectHealth(await stage.diagnose())).toEqual(
      expect.arrayContaining(['peers', 'api-key', 'fallback-api-key', 'drift']),
    );
  });

  it('with the key in .env', async () => {
    await using stage = await healthyStage();
    delete stage.environment['NUDGE_API_KEY'];
    stage.writeFile('.env', `NUDGE_API_KEY=${PRIVATE_KEY}\nNUDGE_BASE_URL=http://127.0.0.1:1/api\n`);
    expect(expectHealth(await stage.diagnose())).toContain('call');
  });

  it('with the key from standard input, which replaces a wrong one', async () => {
    await using stage = await healthyStage();
    stage.environment['NUDGE_API_KEY'] = 'a-wrong-key-0123456789';
    stage.argv.push('--key-stdin');
    stage.input = `${PRIVATE_KEY}\n`;
    expect(expectHealth(await stage.diagnose())).toContain('call');
  });

  it('through TLS', async () => {
    await using stage = await healthyStage();
    await throughTls(stage);
    expect(expectHealth(await stage.diagnose())).toEqual(expect.arrayContaining(['dns', 'tls', 'call']));
  });

  it('through TLS in the tunnel of a proxy', async () => {
    await using stage = await healthyStage();
    const proxy = await throughProxy(stage);
    expect(expectHealth(await stage.diagnose())).toEqual(expect.arrayContaining(['tunnel', 'tls', 'call']));
    expect(proxy.stats.httpRequestCount).toBe(0);
  });

  it('with a proxy that is not for this host', async () => {
    await using stage = await healthyStage();
    await throughTls(stage);
    stage.setProcessVariable('HTTPS_PROXY', 'http://127.0.0.1:1');
    stage.setProcessVariable('NO_PROXY', 'nudge.test');
    expectHealth(await stage.diagnose());
  });

  it('with tokens that are signed with HS256', async () => {
    await using stage = await healthyStage();
    await using other = await NudgeEmulator.start({
      apiKeys: [PRIVATE_KEY],
      algorithm: 'HS256',
      clock: stage.clock,
    });
    stage.environment['NUDGE_BASE_URL'] = other.url;
    expect(expectHealth(await stage.diagnose())).toContain('drift');
  });

  it.each(PLATFORMS)('with an application on %s, its user and its pages', async (platform) => {
    await using stage = await healthyStage();
    await withApp(stage, { configure: (app) => app.enableCors(cors) }, platform);
    stage.argv.push('--origin', PAGE);
    expect(expectHealth(await stage.diagnose()).filter((name) => name.startsWith('endpoint'))).toEqual(
      ['answer', 'guard', 'forged-jwt', 'user', 'text', 'caching', 'time', 'cors'].map(
        (name) => `endpoint-${name}`,
      ),
    );
  });

  it('with an application, but without a user’s JWT', async () => {
    await using stage = await healthyStage();
    await withApp(stage);
    delete stage.environment['NUDGE_USER_JWT'];
    const passed = expectHealth(await stage.diagnose());
    expect(passed).toEqual(expect.arrayContaining(['endpoint-guard', 'endpoint-caching']));
    expect(passed).not.toContain('endpoint-user');
  });

  it('with --offline, which sends nothing to Nudge and still checks the endpoint', async () => {
    await using stage = await healthyStage();
    stage.argv.push('--offline');
    await withApp(stage);
    delete stage.environment['NUDGE_USER_JWT'];
    const { checks } = await stage.diagnose();
    const left = checks.filter(({ detail }) => detail === 'not checked: --offline').map(({ name }) => name);
    expect(left).toEqual(['dns', 'tcp', 'tunnel', 'tls', 'call', 'token', 'clock', 'drift', 'latency']);
    expect(stage.nudge.counters.received).toBe(0);
  });
});

describeRedis('a healthy Redis passes without a warning, also with --strict', () => {
  it.each(PLATFORMS)('beside an application on %s', async (platform) => {
    await using stage = await healthyStage();
    await withApp(stage, {}, platform);
    const server = stage.use(await RedisServer.start());
    stage.environment['NUDGE_REDIS_URL'] = server.url;
    const passed = expectHealth(await stage.diagnose());
    expect(passed.filter((name) => name.includes('redis'))).toHaveLength(11);
    expect(await server.client().keys('*')).toEqual([]);
  });

  it('with the user that the docs recommend', async () => {
    await using stage = await healthyStage();
    await asUser(stage);
    expect(expectHealth(await stage.diagnose())).toEqual(
      expect.arrayContaining(['redis-rights', 'redis-commands']),
    );
  });

  it('with a user for another key prefix', async () => {
    await using stage = await healthyStage();
    await asUser(stage, 'resetkeys', 'resetchannels', '~shop:*', '&shop:*');
    stage.environment['NUDGE_REDIS_KEY_PREFIX'] = 'shop:';
    expectHealth(await stage.diagnose());
  });
});
