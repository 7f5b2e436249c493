import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { describeRedis } from './support/describe-redis.js';
import { RedisServer } from './support/redis-server.js';

const ROOT = new URL('../../', import.meta.url);

/** How a boot fails, and the application that does so. */
const FAILURES = {
  'its options are wrong': `options.apiKey = '';`,
  'another provider throws': `others.providers.push({ provide: 'broken', useFactory: () => { throw new Error('broken'); } });`,
  'there is no guard for the route': `options.endpoint = {};`,
  'another module fails while it starts': `others.providers.push({ provide: 'late', useValue: { onApplicationBootstrap: () => Promise.reject(new Error('late')) } });`,
  'Nudge refuses the key that it must have': `options.warmUp = 'required';`,
} as const;

describeRedis('a process whose boot fails', () => {
  const end = async (how: string, url: string): Promise<string> => {
    await access(new URL('dist/index.js', ROOT));
    const script = `
      import 'reflect-metadata';
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { NudgeAuthModule } from 'nestjs-nudge-auth';
      import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
      import { createServer } from 'node:http';
      const json = { 'content-type': 'application/json' };
      const nudge = createServer((_, answer) => answer.writeHead(401, json).end('{"message":"no"}'));
      await new Promise((resolve) => nudge.listen(0, '127.0.0.1', resolve));
      nudge.unref();
      const baseUrl = 'http://127.0.0.1:' + nudge.address().port + '/api';
      const options = { apiKey: 'obviously-fake-private-key', baseUrl, endpoint: false };
      const others = { providers: [] };
      ${how}
      class AppModule {}
      const { endpoint, ...rest } = options;
      const useFactory = () => ({ ...rest, store: new RedisTokenStore({ url: ${JSON.stringify(url)} }) });
      Module({ imports: [NudgeAuthModule.forRootAsync({ endpoint, useFactory })], ...others })(AppModule);
      const { [process.argv[1] + 'Adapter']: Adapter } =
        await import('@nestjs/platform-' + process.argv[1].toLowerCase());
      try {
        const app = await NestFactory.create(AppModule, new Adapter(), { logger: false, abortOnError: false });
        await app.init();
        console.log('booted');
      } catch (error) {
        console.log('failed');
      }
    `;
    const endings = ['Express', 'Fastify'].map(async (adapter) => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script, adapter], {
        cwd: ROOT,
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const killer = setTimeout(() => child.kill('SIGKILL'), 30_000);
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      clearTimeout(killer);
      return `${output.trim()}, then ${signal ?? code}`;
    });
    return (await Promise.all(endings)).join('; ');
  };

  it.each(Object.entries(FAILURES))(
    'ends by itself, whether Redis is there or not: %s',
    async (_what, how) => {
      const server = await RedisServer.start();
      try {
        expect(await end(how, server.url)).toBe('failed, then 0; failed, then 0');
      } finally {
        await server[Symbol.asyncDispose]();
      }
      expect(await end(how, server.url)).toBe('failed, then 0; failed, then 0');
    },
    120_000,
  );
});
