/* The folder in which the neighbours are installed, compiled and tested: this one, or a copy with another version of Nest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, lstat, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAME = 'nestjs-nudge-auth';
const QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

/** Far above what the slowest file takes on a busy machine: it only ends a test that hangs. */
const TEST_TIMEOUT_MS = 5 * 60_000;

/** The variables that npm sets for the scripts of this repository are wrong for another folder. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|npm_config_local_prefix|NODE_(?!EXTRA_CA_CERTS)|NUDGE_|JEST_)/.test(name),
  ),
);

/** Runs a program with the output of this one. Returns whether its exit code is 0. */
async function run(command, args, cwd) {
  const [code] = await once(spawn(command, args, { cwd, env, stdio: 'inherit' }), 'exit');
  return code === 0;
}

async function mustRun(command, args, cwd) {
  if (!(await run(command, args, cwd))) throw new Error(`${command} ${args.join(' ')} failed in ${cwd}`);
}

/** This folder with the packages of its lockfile and a link to the build of this repository. */
export async function openHere() {
  if (!existsSync(join(HERE, 'node_modules/.package-lock.json')))
    await mustRun('npm', ['ci', ...QUIET], HERE);
  const link = join(HERE, 'node_modules', NAME);
  const isThere = await lstat(link).catch(() => undefined);
  if (isThere === undefined) await symlink(ROOT, link, 'dir');
  return HERE;
}

/**
 * A temporary copy of this folder with the packed package and another version of Nest. Without `packages` it is this
 * folder.
 */
export async function openLine({ packages }) {
  if (packages === undefined) return { folder: await openHere(), close: async () => {} };
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'nudge-neighbours-')));
  await mustRun('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], ROOT);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  const isSource = (path) => !/\/(node_modules|dist|package-lock\.json)$/.test(path);
  await cp(HERE, folder, { recursive: true, filter: isSource });
  const own = JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8'));
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const dependencies = { ...devDependencies, ...own.dependencies, ...packages, [NAME]: `file:${tarball}` };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...own, dependencies }));
  await mustRun('npm', ['install', ...QUIET], folder);
  return { folder, close: () => rm(folder, { recursive: true }) };
}

/** The folder of a package that is installed here or at the root of the repository. */
function packageFolder(folder, name) {
  const found = [folder, ROOT]
    .map((each) => join(each, 'node_modules', name))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

export async function compile(folder) {
  await rm(join(folder, 'dist'), { recursive: true, force: true });
  await mustRun('node', [join(packageFolder(folder, 'typescript'), 'bin/tsc'), '-p', '.'], folder);
}

export function lint(folder) {
  return mustRun('npx', ['--no', '--', 'oxlint', '--type-aware', '--deny-warnings', folder], ROOT);
}

/** The names of the neighbours that have a test. */
export async function filesOf(folder) {
  const files = await readdir(join(folder, 'dist/tests'));
  return files.filter((file) => file.endsWith('.test.js')).map((file) => file.replace('.test.js', ''));
}

export function runTests(folder, names) {
  const files = names.map((name) => `dist/tests/${name}.test.js`);
  const options = [
    '--enable-source-maps',
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    '--test-reporter=spec',
  ];
  return run('node', [...options, ...files], folder);
}

/** The packages of a neighbour, which the first line of its test names, with their versions. */
export async function versionsIn(folder, name) {
  const source = await readFile(join(folder, `tests/${name}.test.ts`), 'utf8');
  const [, list = ''] = /^\/\/ beside: (.+)$/m.exec(source) ?? [];
  const names = list.split(', ').filter((each) => each !== '');
  return Promise.all(
    names.map(async (each) => {
      const manifest = join(packageFolder(folder, each), 'package.json');
      return `${each} ${JSON.parse(await readFile(manifest, 'utf8')).version}`;
    }),
  );
}
