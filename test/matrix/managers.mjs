/* Package managers other than npm: how they install a copy of an application, and how that application is started. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './processes.mjs';

async function registry() {
  const url = (await run('npm', ['config', 'get', 'registry'], { cwd: '.' })).trim();
  return { YARN_NPM_REGISTRY_SERVER: url, YARN_REGISTRY: url, CI: 'true' };
}

const npx = (program, ...args) => ['npx', '--yes', program, ...args];
const nothing = () => Promise.resolve();

export const MANAGERS = {
  pnpm: {
    prepare: nothing,
    environment: registry,
    commands: [npx('pnpm@10', 'install', '--prefer-offline'), npx('pnpm@10', 'run', 'build')],
    serve: ['dist/main.js'],
  },
  'yarn-1': {
    prepare: nothing,
    environment: registry,
    commands: [npx('yarn@1', 'install', '--prefer-offline'), npx('yarn@1', 'run', 'build')],
    serve: ['dist/main.js'],
  },
  'yarn-4': {
    // docs/compatibility.md says so: without axios in the manifest, @nestjs/axios does not find its peer.
    async prepare(application) {
      const manifest = JSON.parse(await readFile(join(application, 'package.json'), 'utf8'));
      manifest.dependencies.axios = '^1.20.0';
      await writeFile(join(application, 'package.json'), JSON.stringify(manifest, null, 2));
      await writeFile(join(application, '.yarnrc.yml'), 'nodeLinker: pnp\nenableTelemetry: false\n');
      await writeFile(join(application, 'yarn.lock'), '');
    },
    environment: async () => ({ ...(await registry()), YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' }),
    commands: [
      npx('@yarnpkg/cli-dist@4', 'install', '--mode=skip-build'),
      npx('@yarnpkg/cli-dist@4', 'run', 'build'),
    ],
    serve: ['-r', './.pnp.cjs', '--experimental-loader', './.pnp.loader.mjs', 'dist/main.js'],
  },
};
