import { readdirSync } from 'node:fs';

/** The README, the pages in docs/ and those of the examples, as paths from the repository's root. */
export const PAGES: readonly string[] = [
  'README.md',
  ...['docs', 'docs/neighbours'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
  ...readdirSync('examples').map((name) => `examples/${name}/README.md`),
];
