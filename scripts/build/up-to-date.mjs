import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const INPUTS = [
  'src',
  'peers',
  'scripts/build',
  'nest-cli.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const OUTPUTS = ['compiled', 'dist'];
/** Outside dist/, which is packed, and node_modules/, which `npm ci` empties. */
const NOTE = '.built.json';

/** Whether compiled/ and dist/ hold, unchanged, what the present inputs were built to. */
export function isUpToDate(root) {
  const note = join(root, NOTE);
  return existsSync(note) && readFileSync(note, 'utf8') === state(root);
}

/** Notes the inputs and outputs of a build that has just succeeded. */
export function noteBuilt(root) {
  writeFileSync(join(root, NOTE), state(root));
}

const state = (root) => JSON.stringify({ inputs: digest(root, INPUTS), outputs: digest(root, OUTPUTS) });

/** A digest of the names and the contents of all files under these paths. */
function digest(root, paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((each) => filesUnder(root, each)).toSorted()) {
    hash.update(`${path}\0`).update(
      createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest(),
    );
  }
  return hash.digest('hex');
}

function filesUnder(root, path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [path];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
