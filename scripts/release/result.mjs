/* What a release leaves in the repository: the tarballs, their checksums and the dated notes. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { releaseChangelog } from './changelog.mjs';

/** Moves the notes of CHANGELOG.md in this folder to the version. */
export function moveNotes(folder, version, date) {
  const path = join(folder, 'CHANGELOG.md');
  writeFileSync(path, releaseChangelog(readFileSync(path, 'utf8'), version, date));
}

/** Fills release/ with what is to be published. Returns the commands that are left to the maintainer. */
export function leaveForPublishing(root, { tarballs, checksums, version, date }) {
  const output = join(root, 'release');
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output);
  for (const tarball of tarballs) copyFileSync(tarball, join(output, basename(tarball)));
  writeFileSync(join(output, 'SHA256SUMS'), checksums);
  moveNotes(root, version, date);
  return `
Now:
  git commit -am "Release ${version}" && git tag -a v${version} -m ${version} && git push --follow-tags
${tarballs.map((tarball) => `  npm publish release/${basename(tarball)}`).join('\n')}`;
}
