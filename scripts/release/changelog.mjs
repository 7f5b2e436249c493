/* The part of a release that is about CHANGELOG.md: the notes under "Unreleased" move to a version. */

const UNRELEASED = '## Unreleased\n';
const NOTES = /^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/m;

/** The versions in the changelog, the newest first. */
export function releasedVersions(changelog) {
  return [...changelog.matchAll(/^## (\d+\.\d+\.\d+\S*) - \d{4}-\d{2}-\d{2}$/gm)].map(
    ([, version]) => version,
  );
}

/** The problems of the changelog that prevent the release of this version, each as a sentence. */
export function changelogProblems(changelog, version) {
  if (!changelog.includes(`\n${UNRELEASED}`)) return ['CHANGELOG.md has no heading "## Unreleased".'];
  if (releasedVersions(changelog).includes(version)) {
    return [
      `CHANGELOG.md already has the version ${version}: raise it with npm version --no-git-tag-version.`,
    ];
  }
  if (!NOTES.test(notesBelow(changelog, UNRELEASED))) {
    return ['CHANGELOG.md has nothing under "## Unreleased": say what users will notice.'];
  }
  return [];
}

/** Returns the changelog with the notes under "Unreleased" moved to this version. */
export function releaseChangelog(changelog, version, date) {
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n## ${version} - ${date}\n`);
}

function notesBelow(changelog, heading) {
  const [, rest = ''] = changelog.split(heading);
  return rest.split(/^## /m)[0];
}
