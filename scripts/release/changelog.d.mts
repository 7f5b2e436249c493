export function releasedVersions(changelog: string): string[];
export function changelogProblems(changelog: string, version: string): string[];
export function releaseChangelog(changelog: string, version: string, date: string): string;
