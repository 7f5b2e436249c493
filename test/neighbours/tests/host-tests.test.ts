// beside: @nestjs/testing, jest, vitest
import '../support/environment.js';
import { Test } from '@nestjs/testing';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { FakeNudgeTokenService } from 'nestjs-nudge-auth/testing';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AppModule } from '../snippets/cookies.js';

const SPEC = '../snippets/host-tests.js';
const require = createRequire(import.meta.url);
const runProgram = promisify(execFile);

/** The path of the program that a package installs under its own name. */
function programOf(name: string): string {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = require(manifest) as { bin: string | Record<string, string> };
  return join(dirname(manifest), typeof bin === 'string' ? bin : (bin[name] ?? ''));
}

/** The test file with the one change that the page names for Fastify. */
function onFastify(spec: string): string {
  const change = 'createNestApplication(new FastifyAdapter(), {';
  const changed = spec.replace('createNestApplication({', change);
  assert.ok(changed.includes(change));
  return `import { FastifyAdapter } from '@nestjs/platform-fastify';\n${changed}`;
}

describe("the host's own tests, on Express and on Fastify,", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(import.meta.dirname, 'host-'));
    const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
    await copyFile(here('../snippets/cookies.js'), join(folder, 'cookies.js'));
    const spec = await readFile(here(SPEC), 'utf8');
    for (const [platform, text] of Object.entries({ express: spec, fastify: onFastify(spec) })) {
      await writeFile(join(folder, `${platform}.spec.js`), text);
      await writeFile(join(folder, `${platform}.test.js`), text.replace("'@jest/globals'", "'vitest'"));
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  });

  after(() => rm(folder, { recursive: true }));

  // The applications under test must find no key in the environment, as on a new machine.
  const { NUDGE_API_KEY: _key, NODE_TEST_CONTEXT: _context, ...env } = process.env;

  it('pass with jest as ES modules', async () => {
    const config = JSON.stringify({
      rootDir: folder,
      testMatch: ['**/*.spec.js'],
      transform: {},
      // The page says so: before Node 24.9, jest cannot `require` the ES modules of Nest 12.
      moduleNameMapper: { '^#peers/(.*)$': '$1' },
    });
    const options = ['--experimental-vm-modules', '--no-warnings', programOf('jest')];
    const { stderr } = await runProgram('node', [...options, '--config', config], { cwd: folder, env });
    assert.match(stderr, /Tests: +4 passed, 4 total/);
  });

  it('pass with vitest', async () => {
    const { stdout } = await runProgram('node', [programOf('vitest'), 'run', '--root', folder, '.test.js'], {
      cwd: folder,
      env: { ...env, NO_COLOR: '1' },
    });
    assert.match(stdout, /Tests +4 passed \(4\)/);
  });

  it('do not boot if only the service is replaced, because the options are still read (the trap)', async () => {
    const key = process.env['NUDGE_API_KEY'];
    delete process.env['NUDGE_API_KEY'];
    try {
      const builder = Test.createTestingModule({ imports: [AppModule] })
        .overrideProvider(NudgeTokenService)
        .useValue(new FakeNudgeTokenService());
      await assert.rejects(builder.compile(), /apiKey: is missing/);
    } finally {
      process.env['NUDGE_API_KEY'] = key;
    }
  });
});
