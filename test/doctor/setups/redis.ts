import type { Redis } from 'ioredis';
import { readFileSync, rmSync } from 'node:fs';
import { HttpStub, unreachableOrigin } from '../../support/http-stub.js';
import { RedisServer } from '../../redis/support/redis-server.js';
import { answeringPingLate, reportingOldVersion } from '../support/redis-proxy.js';
import type { BrokenSetup, Stage } from '../support/stage.js';
import { silentServer } from './network.js';

const PASSWORD = 'canary-redis-password';

/** Starts a Redis for this setup, and returns it with a client that has all rights. */
async function withRedis(stage: Stage, ...args: string[]): Promise<{ server: RedisServer; admin: Redis }> {
  const server = stage.use(await RedisServer.start(...args));
  stage.canaries.plant('password', PASSWORD);
  stage.environment['NUDGE_REDIS_URL'] = server.url;
  return { server, admin: server.client() };
}

/** Makes a user with the rules that the docs give to operators, and with more rules after them. */
export async function asUser(stage: Stage, ...moreRules: string[]): Promise<void> {
  const { server, admin } = await withRedis(stage);
  const [line = ''] = /ACL SETUSER nudge .+/.exec(readFileSync('docs/fleet.md', 'utf8')) ?? [];
  const [acl = '', ...rules] = line.replace('>…', `>${PASSWORD}`).split(' ');
  await admin.call(acl, ...rules, ...moreRules);
  stage.environment['NUDGE_REDIS_URL'] = server.url.replace('//', `//nudge:${PASSWORD}@`);
}

const CONNECTION_FAILS = { 'redis-connection': 'fail' } as const;

export const REDIS_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'a missing ioredis',
    shows: { ioredis: 'fail' },
    says: /npm install ioredis/,
    breakIt(stage) {
      stage.environment['NUDGE_REDIS_URL'] = 'redis://127.0.0.1:6379';
      const missing = Object.assign(new Error('not installed'), { code: 'MODULE_NOT_FOUND' });
      stage.machine = { ...stage.machine, loadRedisClient: () => Promise.reject(missing) };
    },
  },
  {
    title: 'a URL that is not for Redis',
    shows: { 'redis-url': 'fail' },
    says: /not a redis:\/\/ or rediss:\/\/ URL/,
    breakIt: (stage) => void (stage.environment['NUDGE_REDIS_URL'] = 'localhost:6379'),
  },
  {
    title: 'a Redis that does not run',
    shows: CONNECTION_FAILS,
    says: /ECONNREFUSED.*Is Redis running/,
    async breakIt(stage) {
      const { port } = new URL(await unreachableOrigin());
      stage.environment['NUDGE_REDIS_URL'] = `redis://127.0.0.1:${port}`;
    },
  },
  {
    title: 'a Redis that hangs',
    shows: CONNECTION_FAILS,
    says: /timeout.*does not answer as Redis does/,
    async breakIt(stage) {
      const { port, untilCalled } = await silentServer(stage);
      stage.environment['NUDGE_REDIS_URL'] = `redis://127.0.0.1:${port}`;
      return async () => {
        await untilCalled(1);
        await stage.clock.advanceAsync(5_000);
      };
    },
  },
  {
    title: 'a wrong password',
    shows: CONNECTION_FAILS,
    says: /WRONGPASS.*user name and password in NUDGE_REDIS_URL/,
    async breakIt(stage) {
      const { server } = await withRedis(stage, '--requirepass', 'another-fake-password');
      stage.environment['NUDGE_REDIS_URL'] = server.url.replace('//', `//:${PASSWORD}@`);
    },
  },
  {
    title: 'a missing password',
    shows: CONNECTION_FAILS,
    says: /NOAUTH.*user name and password/,
    breakIt: async (stage) => void (await withRedis(stage, '--requirepass', PASSWORD)),
  },
  {
    title: 'rediss:// to a port without TLS',
    shows: CONNECTION_FAILS,
    says: /no connection/,
    async breakIt(stage) {
      const { server } = await withRedis(stage);
      stage.environment['NUDGE_REDIS_URL'] = server.url.replace('redis:', 'rediss:');
    },
  },
  {
    title: 'a web server in place of Redis',
    shows: CONNECTION_FAILS,
    says: /no connection/,
    async breakIt(stage) {
      const stub = stage.use(await HttpStub.start((_request, response) => response.end()));
      stage.environment['NUDGE_REDIS_URL'] = stub.origin.replace('http:', 'redis:');
    },
  },
  {
    title: 'a Redis that is too old',
    shows: { 'redis-version': 'fail' },
    says: /Redis 6\.0\.9+ is too old.*Redis 6\.2 or later/,
    async breakIt(stage) {
      const { server } = await withRedis(stage);
      stage.environment['NUDGE_REDIS_URL'] = await reportingOldVersion(stage, server.port);
    },
  },
  {
    title: 'a Redis that is far away',
    shows: { 'redis-latency': 'warn' },
    says: /50\.0 ms for a command, of the 100 ms of timeoutMs.*Move it closer/,
    async breakIt(stage) {
      const { server } = await withRedis(stage);
      stage.environment['NUDGE_REDIS_URL'] = await answeringPingLate(stage, server.port, 50);
    },
  },
  {
    title: 'a replica',
    shows: { 'redis-role': 'fail' },
    says: /a replica.*primary's address/,
    async breakIt(stage) {
      const { admin } = await withRedis(stage);
      await admin.replicaof('127.0.0.1', 1);
    },
  },
  {
    title: 'a node of a cluster',
    shows: { 'redis-role': 'fail' },
    says: /a node of a cluster.*Cluster of ioredis/,
    breakIt: async (stage) => void (await withRedis(stage, '--cluster-enabled', 'yes')),
  },
  {
    title: 'a Redis that is full',
    shows: { 'redis-memory': 'fail' },
    says: /noeviction: Redis refuses writes.*let it evict/,
    async breakIt(stage) {
      const { admin } = await withRedis(stage);
      await admin.config('SET', 'maxmemory', '1');
    },
  },
  {
    title: 'a disk on which Redis cannot write its snapshot',
    shows: { 'redis-persistence': 'fail' },
    says: /rdb_last_bgsave_status.*disk of Redis/,
    async breakIt(stage) {
      const { admin } = await withRedis(stage);
      const [, folder = ''] = await admin.config('GET', 'dir');
      rmSync(folder, { recursive: true });
      await admin.bgsave();
      while (/rdb_bgsave_in_progress:1|last_bgsave_status:ok/.test(await admin.info('persistence')));
    },
  },
  {
    title: 'a user who may not run scripts',
    shows: { 'redis-commands': 'fail' },
    says: /EVAL \(NOPERM\).*rules of docs\/fleet\.md/,
    breakIt: (stage) => asUser(stage, '-eval'),
  },
  {
    title: 'a user who may not run one of the commands',
    shows: { 'redis-commands': 'fail' },
    says: /refused: HSTRLEN \(NOPERM\)/,
    breakIt: (stage) => asUser(stage, '-hstrlen'),
  },
  {
    title: 'a user for other names',
    shows: { 'redis-commands': 'fail' },
    says: /NOPERM.*begin with nudge-auth:/,
    breakIt: (stage) => asUser(stage, 'resetkeys', '~another-application:*'),
  },
  {
    title: 'a user who may not use pub/sub',
    shows: { 'redis-commands': 'warn' },
    says: /PUBLISH \(NOPERM\), SUBSCRIBE \(NOPERM\): other processes hear of a new token later/,
    breakIt: (stage) => asUser(stage, '-publish', '-subscribe'),
  },
  {
    title: "an administrator's plain connection to another machine",
    shows: { 'redis-url': 'warn', 'redis-rights': 'warn' },
    says: /Use rediss:\/\/|Give the store a separate user/,
    async breakIt(stage) {
      const { server } = await withRedis(stage);
      // This address leads to this machine, but does not look like a loopback address.
      stage.environment['NUDGE_REDIS_URL'] = server.url.replace('127.0.0.1', '127.1');
    },
  },
  {
    title: "a clock that is ahead of Redis'",
    shows: { 'redis-clock': 'warn' },
    says: /clock is 10 minutes ahead of Redis'/,
    async breakIt(stage) {
      await withRedis(stage);
      stage.clock.stepWall(600_000);
    },
  },
];
