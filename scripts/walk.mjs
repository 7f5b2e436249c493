/*
 * Counts the files whose code runs for one request: a warm request, a cold one, and a cold one of a fleet's leader.
 *
 *   npm run walk             prints the counts
 *   npm run walk -- --list   also prints the files of each walk
 *   npm run walk -- --write  writes the files into ARCHITECTURE.md
 *   npm run walk -- --check  fails when ARCHITECTURE.md names other files
 *
 * It needs a build, and for the third walk a redis-server on the PATH. A file counts if one of its functions ran during
 * the request. Code that runs while files are loaded or the application boots does not count.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { spawn, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { NudgeAuthModule } from '../compiled/index.js';
import { RedisTokenStore } from '../compiled/redis/index.js';
import { writePart } from './marked-part.mjs';

const { LAYERS } = createRequire(import.meta.url)('./layer-list.cjs');

/** One file for each source file. The published package joins them. */
const COMPILED = new URL('../compiled/', import.meta.url).href;
const COMMAND_LINE = fileURLToPath(new URL('../dist/doctor/cli.js', import.meta.url));
const API_KEY = 'obviously-fake-private-key';
const USER_SECRET = 'obviously-fake-secret-of-the-walks-0123456789';

/** The largest number of files that is allowed for each walk. */
const MOST_FILES = { warm: 19, cold: 30, 'fleet leader': 40 };

function userJwt() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ada', exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${signed}.${createHmac('sha256', USER_SECRET).update(signed).digest('base64url')}`;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function startRedis() {
  const port = await freePort();
  const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of redis.stdout.setEncoding('utf8')) if (chunk.includes('Ready to accept')) break;
  redis.stdout.resume();
  return { url: `redis://127.0.0.1:${port}`, stop: () => redis.kill() };
}

/** The emulator runs in a separate process, because code that it shares with the package must not count. */
async function startEmulator() {
  const emulator = spawn(process.execPath, [COMMAND_LINE, 'emulator', '--port', '0', '--api-key', API_KEY], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of emulator.stdout.setEncoding('utf8')) {
    const [, url] = /NUDGE_BASE_URL=(\S+)/.exec(chunk) ?? [];
    if (url !== undefined) {
      emulator.stdout.resume();
      return { url, stop: () => emulator.kill() };
    }
  }
  throw new Error('The emulator has not started');
}

async function startApp(baseUrl, store) {
  class AppModule {}
  Module({
    imports: [
      NudgeAuthModule.forRoot({
        apiKey: API_KEY,
        baseUrl,
        userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
        ...(store === undefined ? {} : { store }),
      }),
    ],
  })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function ask(app, authorization) {
  const answer = await fetch(`${await app.getUrl()}/nudge/token`, { headers: { authorization } });
  if (answer.status !== 200)
    throw new Error(`The endpoint answered ${answer.status}: ${await answer.text()}`);
  await answer.json();
}

/** The files of the package with a function that ran during `work`. */
async function filesOf(work) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const own = result.filter(({ url }) => url.startsWith(COMPILED));
  // A function that begins at offset 0 is the file itself, which runs when it is loaded.
  const ran = own.filter(({ functions }) =>
    functions.some(({ ranges: [range] }) => range.count > 0 && range.startOffset > 0),
  );
  return ran.map(({ url }) => url.slice(COMPILED.length, -'.js'.length)).toSorted();
}

async function walks() {
  const emulator = await startEmulator();
  const authorization = `Bearer ${userJwt()}`;
  const alone = await startApp(emulator.url);
  const cold = await filesOf(() => ask(alone, authorization));
  await ask(alone, authorization);
  const warm = await filesOf(() => ask(alone, authorization));
  await alone.close();
  const found = { warm, cold };
  if (spawnSync('redis-server', ['--version']).status === 0) {
    const redis = await startRedis();
    const app = await startApp(
      emulator.url,
      new RedisTokenStore({ url: redis.url, encryptionKeys: [randomBytes(32).toString('base64')] }),
    );
    found['fleet leader'] = await filesOf(() => ask(app, authorization));
    await app.close();
    redis.stop();
  } else console.log('No redis-server on the PATH: the walk of a fleet leader is left out.');
  emulator.stop();
  return found;
}

function countOf(name, files) {
  const isMissed = files.length > MOST_FILES[name];
  return `${name}: ${files.length} files, the design allows ${MOST_FILES[name]}${isMissed ? ' (missed)' : ''}`;
}

const byName = (one, other) => one.localeCompare(other);

/** A row for each file, from the top layer to the lowest, with a mark for each walk that runs through it. */
function tableOf(found) {
  if (found['fleet leader'] === undefined)
    throw new Error('The table needs all three walks: install redis-server.');
  const walked = Object.values(found);
  const rows = LAYERS.flatMap(({ name }) => {
    const ofLayer = [...new Set(walked.flat())].filter((file) => file.startsWith(`${name}/`));
    return ofLayer.toSorted(byName).map((file) => {
      const marks = walked.map((files) => (files.includes(file) ? '✓' : ''));
      return `| \`src/${file}.ts\` | ${marks.join(' | ')} |`;
    });
  });
  const names = Object.keys(found);
  return [`| file | ${names.join(' | ')} |`, `| --- | ${names.map(() => ':-:').join(' | ')} |`, ...rows];
}

const options = process.argv.slice(2);
const isPage = options.includes('--write') || options.includes('--check');
const found = await walks();
for (const [name, files] of Object.entries(found)) {
  console.log(countOf(name, files));
  if (options.includes('--list')) for (const file of files) console.log(`  ${file}`);
  if (!isPage && files.length > MOST_FILES[name]) process.exitCode = 1;
}
if (isPage) {
  const counts = Object.entries(found).map(([name, files]) => `- ${countOf(name, files)}`);
  await writePart({
    name: 'files of the walks',
    command: 'npm run walk -- --write',
    lines: [...counts, '', ...tableOf(found)],
    isCheck: options.includes('--check'),
  });
}
