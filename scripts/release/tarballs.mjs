/* Builds and packs both packages, and checks the tarballs. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Runs a command in the copy. If it fails, the error holds the whole output. */
function run(cwd, command, ...args) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** Packs `nestjs-nudge-auth` and `nudge-refresh-token` from a copy of the repository. Returns the paths of the tarballs. */
export function packBoth(copy) {
  // The scripts of the package build it, and write the README for the registry's page.
  run(copy, 'npm', 'pack', '--silent');
  const module = join(
    copy,
    readdirSync(copy).find((name) => name.endsWith('.tgz')),
  );
  const packed = run(copy, 'npm', 'run', '--silent', 'pack:client').trim().split('\n').at(-1);
  const client = join(copy, basename(packed));
  renameSync(packed, client);
  return [module, client];
}

/** @throws {Error} if publint or attw finds a problem. */
export function checkTarball(copy, tarball) {
  run(copy, 'npx', '--no', '--', 'publint', 'run', tarball, '--strict');
  run(copy, 'npx', '--no', '--', 'attw', tarball);
}

/** The facts about a tarball that the maintainer sees before it is published. */
export function describeTarball(tarball) {
  const sha256 = createHash('sha256').update(readFileSync(tarball)).digest('hex');
  const { name, version } = JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
  );
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  return {
    file: basename(tarball),
    name,
    version,
    files: files.length,
    bytes: statSync(tarball).size,
    sha256,
  };
}
