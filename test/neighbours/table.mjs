/* The table "works with" of docs/neighbours/README.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const PAGE = fileURLToPath(new URL('../../docs/neighbours/README.md', import.meta.url));
const BEGIN = '<!-- works with: begin -->';
const END = '<!-- works with: end -->';

export async function writeTable(rows) {
  const text = rows.map(
    ({ line, neighbour, versions, holds }) =>
      `| ${neighbour} | ${line} | ${versions.join(', ')} | ${holds ? '✓' : '✗'} |\n`,
  );
  const table = `| neighbour | beside | tried with | holds |\n| --- | --- | --- | --- |\n${text.join('')}`;
  const page = await readFile(PAGE, 'utf8');
  const written = page.replace(new RegExp(`${BEGIN}.*${END}`, 's'), () => `${BEGIN}\n\n${table}\n${END}`);
  await writeFile(PAGE, await format(written, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}
