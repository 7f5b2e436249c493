/* Writes the result of a release into the repository: the tarballs, their checksums and the dated notes. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { releaseChangelog } from './changelog.mjs';

/** Moves the notes under "Unreleased" in this folder's CHANGELOG.md to the version. */
export function moveNotes(folder, version, date) {
  const path = join(folder, 'CHANGELOG.md');
  writeFileSync(path, releaseChangelog(readFileSync(path, 'utf8'), version, date));
}

/** Fills release/ with the files to publish. Returns the commands that the maintainer runs next. */
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
