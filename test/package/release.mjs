/*
 * The release script, in a clone of this repository's HEAD: what is not committed is not tried.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { changelogProblems, releaseChangelog, releasedVersions } from '../../scripts/release/changelog.mjs';
import { leaveForPublishing } from '../../scripts/release/result.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const CHANGELOG =
  '# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n\n### Added\n\n- All.\n';

describe('the changelog of a release', () => {
  it('has the notes of "Unreleased" under the version, and an empty "Unreleased"', () => {
    const released = releaseChangelog(CHANGELOG, '0.2.0', '2026-02-01');
    assert.match(
      released,
      /## Unreleased\n\n## 0\.2\.0 - 2026-02-01\n\n### Added\n\n- A thing\.\n\n## 0\.1\.0/,
    );
    assert.deepEqual(releasedVersions(released), ['0.2.0', '0.1.0']);
  });

  it('is refused without notes, without their heading, and for a version that it has', () => {
    assert.deepEqual(changelogProblems(CHANGELOG, '0.2.0'), []);
    assert.match(changelogProblems(CHANGELOG, '0.1.0')[0], /already has the version 0\.1\.0/);
    const released = releaseChangelog(CHANGELOG, '0.2.0', '2026-02-01');
    assert.match(changelogProblems(released, '0.3.0')[0], /nothing under "## Unreleased"/);
    assert.match(changelogProblems('# Changelog\n', '0.3.0')[0], /no heading/);
  });
});

describe('npm run release', () => {
  let workshop;
  let clone;

  before(async () => {
    workshop = await mkdtemp(join(tmpdir(), 'nudge-auth-release-test-'));
    clone = join(workshop, 'clone');
    git(workshop, 'clone', '--quiet', '--no-tags', ROOT, clone);
    await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  });

  after(() => rm(workshop, { recursive: true, force: true }));

  function git(cwd, ...args) {
    const { status, stdout, stderr } = spawnSync('git', args, { cwd, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  const release = (...args) =>
    spawnSync('npm', ['run', '--silent', 'release', '--', ...args], { cwd: clone, encoding: 'utf8' });

  it('refuses a tree with changes and a version that is tagged, and says what to do', async () => {
    const { version } = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8'));
    await appendFile(join(clone, 'README.md'), 'more\n');
    git(clone, 'tag', `v${version}`);
    const { status, stderr } = release('--dry-run');
    assert.equal(status, 1);
    assert.match(stderr, /not committed:\n.*README\.md/);
    assert.match(stderr, new RegExp(`The tag v${version} exists: raise the version`));
    git(clone, 'checkout', '--quiet', 'README.md');
    git(clone, 'tag', '--delete', `v${version}`);
  });

  it('refuses an option that it does not know', () => {
    assert.equal(release('--publish').status, 2);
  });

  it('--dry-run packs and checks both packages, prints their checksums, and changes no file', () => {
    const { status, stdout, stderr } = release('--dry-run');
    assert.equal(status, 0, stderr);
    for (const name of ['nestjs-nudge-auth', 'nudge-refresh-token']) {
      assert.match(stdout, new RegExp(`${name}@\\d+\\.\\d+\\.\\d+ +\\d+ files, \\d+ KiB`));
      assert.match(stdout, new RegExp(`[0-9a-f]{64} {2}${name}-\\d+\\.\\d+\\.\\d+\\.tgz`));
    }
    assert.match(stdout, /no file was changed/);
    assert.equal(git(clone, 'status', '--porcelain', '--ignored'), '!! node_modules\n');
  });
});

describe('what a release leaves', () => {
  it('is the tarballs and their checksums in release/, the dated notes, and the commands that publish', async () => {
    const root = await mkdtemp(join(tmpdir(), 'nudge-auth-release-result-'));
    const tarball = join(root, 'a-package-0.2.0.tgz');
    await writeFile(tarball, 'packed');
    await writeFile(join(root, 'CHANGELOG.md'), CHANGELOG);
    const made = { tarballs: [tarball], checksums: 'sums\n', version: '0.2.0', date: '2026-02-01' };
    const commands = leaveForPublishing(root, made);
    assert.deepEqual(await readdir(join(root, 'release')), ['SHA256SUMS', 'a-package-0.2.0.tgz']);
    assert.equal(await readFile(join(root, 'release/SHA256SUMS'), 'utf8'), 'sums\n');
    assert.match(await readFile(join(root, 'CHANGELOG.md'), 'utf8'), /## 0\.2\.0 - 2026-02-01/);
    assert.match(commands, /git tag -a v0\.2\.0.*\n {2}npm publish release\/a-package-0\.2\.0\.tgz/);
    await rm(root, { recursive: true });
  });
});
