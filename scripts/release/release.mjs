/*
 * Makes everything that a release needs, and publishes nothing:
 *
 *   npm run release -- --dry-run   checks, builds and packs in a copy of HEAD; changes no file here
 *   npm run release                does the same, then moves the notes in CHANGELOG.md to the version, and leaves the
 *                                  tarballs and their checksums in release/
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leaveForPublishing, moveNotes } from './result.mjs';
import { copyOfHead, releaseProblems } from './repository.mjs';
import { checkTarball, describeTarball, packBoth } from './tarballs.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function release(isDryRun) {
  const problems = releaseProblems(ROOT);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const { version, repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const date = new Date().toISOString().slice(0, 10);
  const workshop = mkdtempSync(join(tmpdir(), 'nudge-auth-release-'));
  try {
    const copy = join(workshop, 'copy');
    copyOfHead(ROOT, copy);
    moveNotes(copy, version, date);
    const tarballs = packBoth(copy);
    for (const tarball of tarballs) checkTarball(copy, tarball);
    const packages = tarballs.map(describeTarball);
    const checksums = packages.map(({ sha256, file }) => `${sha256}  ${file}\n`).join('');
    console.log(`To be published, dated ${date}:`);
    for (const { name, files, bytes } of packages) {
      console.log(`  ${name}@${version}  ${files} files, ${Math.ceil(bytes / 1024)} KiB`);
    }
    console.log(`\nSHA-256:\n${checksums.replaceAll(/^/gm, '  ').trimEnd()}`);
    if (/\.example\b/.test(repository.url)) {
      console.log(
        '\nNot yet to be published: the address of the repository in package.json is a placeholder.',
      );
    }
    if (isDryRun) console.log('\nA dry run: no file was changed.');
    else console.log(leaveForPublishing(ROOT, { tarballs, checksums, version, date }));
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
if (args.some((arg) => arg !== '--dry-run')) {
  console.error('usage: npm run release -- [--dry-run]');
  process.exitCode = 2;
} else {
  try {
    release(args.includes('--dry-run'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
