/* What must hold of the repository before a release, and a copy of what is committed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { changelogProblems } from './changelog.mjs';

const git = (root, ...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** The problems of the repository that prevent a release, each as a sentence. */
export function releaseProblems(root) {
  const { version } = readJson(join(root, 'package.json'));
  const lock = readJson(join(root, 'package-lock.json'));
  const problems = changelogProblems(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version);
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
    problems.push(`package.json has the version "${version}", which is no version of npm's.`);
  }
  for (const locked of [lock.version, lock.packages[''].version]) {
    if (locked === version) continue;
    problems.push(`package.json has the version ${version}, package-lock.json ${locked}: run npm install.`);
  }
  if (git(root, 'tag', '--list', `v${version}`) !== '') {
    problems.push(`The tag v${version} exists: raise the version with npm version --no-git-tag-version.`);
  }
  const changed = git(root, 'status', '--porcelain');
  if (changed !== '') problems.push(`These files are not committed:\n${changed}`);
  return [...new Set(problems)];
}

/** Copies the files of HEAD into a folder of its own. The copy links to the installed packages of `root`. */
export function copyOfHead(root, folder) {
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', 'HEAD'], { cwd: root, maxBuffer: 2 ** 28 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
}
