import { readdirSync } from 'node:fs';

/** The pages in the repository's root, those of the documentation, and those of the examples: paths from the root. */
export const PAGES: readonly string[] = [
  ...readdirSync('.').filter((name) => /^[A-Z].*\.md$/.test(name)),
  ...['docs', 'docs/neighbours'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
  ...readdirSync('examples').map((name) => `examples/${name}/README.md`),
];
