import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { describeRedis } from '../redis/support/describe-redis.js';
import { RedisServer } from '../redis/support/redis-server.js';

const ROOT = new URL('../../', import.meta.url);

/** Reasons for a failed boot, each with the code that causes it. */
const FAILURES = {
  'its options are wrong': `options.apiKey = '';`,
  'another provider throws': `providers.push({ provide: 'broken', useFactory: () => { throw new Error('broken'); } });`,
  'there is no guard for the route': `options.endpoint = {};`,
  'another module fails while it starts': `providers.push({ provide: 'late', useValue: { onApplicationBootstrap: () => Promise.reject(new Error('late')) } });`,
  'Nudge refuses the key that it must have': `options.warmUp = 'required';`,
} as const;

describeRedis('a process whose boot fails', () => {
  /** Boots applications that fail, one after the other, in one process. Returns its output and how it ended. */
  const outputOf = async (adapter: 'Express' | 'Fastify', url: string): Promise<string[]> => {
    await access(new URL('dist/index.js', ROOT));
    const boots = Object.entries(FAILURES).map(
      ([what, how]) => `await boot(${JSON.stringify(what)}, (options, providers) => { ${how} });`,
    );
    const script = `
      import 'reflect-metadata';
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { ${adapter}Adapter } from '@nestjs/platform-${adapter.toLowerCase()}';
      import { NudgeAuthModule } from 'nestjs-nudge-auth';
      import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
      import { createServer } from 'node:http';
      const json = { 'content-type': 'application/json' };
      const nudge = createServer((_, answer) => answer.writeHead(401, json).end('{"message":"no"}'));
      await new Promise((resolve) => nudge.listen(0, '127.0.0.1', resolve));
      nudge.unref();
      const baseUrl = 'http://127.0.0.1:' + nudge.address().port + '/api';

      async function boot(what, fail) {
        const options = { apiKey: 'obviously-fake-private-key', baseUrl, endpoint: false };
        const providers = [];
        fail(options, providers);
        class AppModule {}
        const { endpoint, ...rest } = options;
        const useFactory = () => ({ ...rest, store: new RedisTokenStore({ url: ${JSON.stringify(url)} }) });
        Module({ imports: [NudgeAuthModule.forRootAsync({ endpoint, useFactory })], providers })(AppModule);
        try {
          const app = await NestFactory.create(AppModule, new ${adapter}Adapter(), { logger: false, abortOnError: false });
          await app.init();
          console.log('booted: ' + what);
        } catch {
          console.log('failed: ' + what);
        }
      }
      ${boots.join('\n')}
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: ROOT });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const killer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(killer);
    return [...output.trim().split('\n'), `ended with ${signal ?? code}`];
  };

  const everyBootFailed = [...Object.keys(FAILURES).map((what) => `failed: ${what}`), 'ended with 0'];

  it.each(['Express', 'Fastify'] as const)(
    'ends by itself with and without a running Redis, on %s',
    async (adapter) => {
      const server = await RedisServer.start();
      try {
        expect(await outputOf(adapter, server.url)).toEqual(everyBootFailed);
      } finally {
        await server[Symbol.asyncDispose]();
      }
      expect(await outputOf(adapter, server.url)).toEqual(everyBootFailed);
    },
    150_000,
  );
});
