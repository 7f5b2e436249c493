import { readdirSync } from 'node:fs';

/** The pages in the root, in docs/ and of the examples, as paths from the repository's root. */
export const PAGES: readonly string[] = [
  ...readdirSync('.').filter((name) => /^[A-Z].*\.md$/.test(name)),
  ...['docs', 'docs/neighbours'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
  ...readdirSync('examples').map((name) => `examples/${name}/README.md`),
];
