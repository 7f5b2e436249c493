import { expect } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

/**
 * Checks that a table of a page is as the code says. It stands between two comments with this name, and
 * `npm run docs:update` writes it.
 *
 * @param rows the cells of each row, in Markdown; the first row is the head.
 */
export async function expectTable(
  page: string,
  name: string,
  rows: readonly (readonly string[])[],
): Promise<void> {
  const begin = `<!-- The table of ${name} is written by: npm run docs:update -->\n`;
  const end = `<!-- End of the table of ${name} -->\n`;
  const [head = [], ...body] = rows;
  const table = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
  const found = await readFile(page, 'utf8');
  const [before, rest = ''] = found.split(begin);
  const [, after] = rest.split(end);
  const text = `${before}${begin}\n${table}\n${end}${after}`;
  const expected = await format(text, { ...(await resolveConfig(page)), parser: 'markdown' });
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(page, expected);
  expect(await readFile(page, 'utf8')).toBe(expected);
}
