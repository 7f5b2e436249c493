/* The folder in which the neighbours are installed, compiled and tried: this one, or a copy with another line of Nest. */
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

/** What npm tells the scripts of this repository is not true of another folder. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|npm_config_local_prefix|NODE_(?!EXTRA_CA_CERTS)|NUDGE_|JEST_)/.test(name),
  ),
);

/** Whether the program ended with 0. What it says goes where this program's own words go. */
async function run(command, args, cwd) {
  const [code] = await once(spawn(command, args, { cwd, env, stdio: 'inherit' }), 'exit');
  return code === 0;
}

async function mustRun(command, args, cwd) {
  if (!(await run(command, args, cwd))) throw new Error(`${command} ${args.join(' ')} failed in ${cwd}`);
}

/** This folder, with its packages installed as its lockfile says, and the build of this repository among them. */
export async function openHere() {
  if (!existsSync(join(HERE, 'node_modules/.package-lock.json')))
    await mustRun('npm', ['ci', ...QUIET], HERE);
  const link = join(HERE, 'node_modules', NAME);
  const isThere = await lstat(link).catch(() => undefined);
  if (isThere === undefined) await symlink(ROOT, link, 'dir');
  return HERE;
}

/** A copy of this folder elsewhere, with the packed package and the packages of another line of Nest; for the own line, this folder. */
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

/** Where a package is that this folder finds, be it in one further up. */
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
  const options = ['--enable-source-maps', '--test', '--test-concurrency=2', '--test-reporter=spec'];
  return run('node', [...options, ...files], folder);
}

/** The packages of a neighbour with their versions: what its test says of itself in its first lines. */
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
