import { readdirSync, readFileSync } from 'node:fs';

/** The pages in the root, in docs/ and of the examples, as paths from the repository's root. */
export const PAGES: readonly string[] = [
  ...readdirSync('.').filter((name) => /^[A-Z].*\.md$/.test(name)),
  ...['docs', 'docs/concepts', 'docs/neighbours'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
  ...readdirSync('examples').map((name) => `examples/${name}/README.md`),
];

export const textOf = (page: string): string => readFileSync(page, 'utf8');

/** What a page says outside its snippets, whose names are often the host application's. */
export const proseOf = (page: string): string => textOf(page).replaceAll(/^ *```.*?^ *```$/gms, '');

/** What stands under a heading of a page, up to the next heading of its level or above. */
export function sectionOf(page: string, heading: string): string {
  const [mark = ''] = heading.split(' ');
  const [, after = ''] = `\n${textOf(page)}`.split(`\n${heading}\n`);
  return after.split(new RegExp(`^#{1,${mark.length}} `, 'm'))[0] ?? '';
}

/** The cells of the rows of the first table in a text, without its head. */
export function rowsOf(text: string): string[][] {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const rows = first === -1 ? [] : lines.slice(first + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The texts in backticks. */
export const codeIn = (text: string): string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
