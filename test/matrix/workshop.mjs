/* A folder outside this repository with all that the cells need: versions of Node, the Nest schematics and the tarball. */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { APPLICATIONS, NODES } from './cells.mjs';
import { environment, run } from './processes.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

const nodePackage = `node-${process.platform}-${process.arch}`;
const schematicsPackage = (version) => `schematics-${version.replaceAll('.', '-')}`;

/** Installs the newest version of each range of Node, and the schematics. */
async function installTools(folder) {
  const dependencies = { '@angular-devkit/schematics-cli': '19.2.19' };
  for (const [node, range] of Object.entries(NODES)) {
    dependencies[`node-${node}`] = `npm:${nodePackage}@${range}`;
  }
  for (const { schematics } of Object.values(APPLICATIONS)) {
    dependencies[schematicsPackage(schematics)] = `npm:@nestjs/schematics@${schematics}`;
  }
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  // The schematics declare peers of their time, which nothing here uses.
  await run('npm', ['install', '--legacy-peer-deps', '--force', ...QUIET], { cwd: folder });
}

/** The packages in the README's install line for a major version of Nest, without this package. */
async function peersOf(nest) {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const line = readme.match(
    new RegExp(`# Nest (?:.*\\b)?${nest}\\b.*\\n +npm install nestjs-nudge-auth (.+)`),
  );
  const development = /npm install --save-dev (.+)/.exec(readme);
  if (line === null || development === null)
    throw new Error(`The README has no install line for Nest ${nest}`);
  return [...line[1].trim().split(/\s+/), ...development[1].trim().split(/\s+/)];
}

export async function openWorkshop() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'nudge-matrix-')));
  const tools = join(folder, 'tools');
  await installTools(tools);
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const [{ filename }] = Object.values(JSON.parse(packed));
  const inTools = (...parts) => join(tools, 'node_modules', ...parts);
  const nodeFolder = (node) => inTools(`node-${node}`, 'bin');
  return {
    folder,
    tarball: join(folder, filename),
    nodeFolder,
    peersOf,
    /** Writes an application as `nest new` does. */
    async generate(name, { schematics, type }, parent) {
      const program = inTools('@angular-devkit/schematics-cli/bin/schematics.js');
      const collection = inTools(schematicsPackage(schematics));
      const options = [`--name=${name}`, '--package-manager=npm', '--no-dry-run'];
      if (type !== undefined) options.push(`--type=${type}`);
      await run('node', [program, `${collection}:application`, ...options], {
        cwd: parent,
        env: environment({ nodeFolder: nodeFolder('24'), cwd: parent }),
      });
      return join(parent, name);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
