import { readdirSync } from 'node:fs';

/** The README, the pages of the documentation, and those of the examples: paths from the repository's root. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync('examples').map((name) => `examples/${name}/README.md`),
];
