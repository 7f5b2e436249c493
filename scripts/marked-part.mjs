import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = fileURLToPath(new URL('../ARCHITECTURE.md', import.meta.url));

/**
 * Writes a part of ARCHITECTURE.md between its two comments, or, with `--check`, fails where the page says something
 * else.
 *
 * @param name what the comments call the part.
 * @param command what writes it.
 * @param lines the part, as Markdown.
 */
export async function writePart({ name, command, lines, isCheck }) {
  const begin = `<!-- The ${name} are written by: ${command} -->`;
  const end = `<!-- End of the ${name} -->`;
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${relative(ROOT, PAGE)} lacks the comments of the ${name}`);
  const text = [before, begin, '\n\n', lines.join('\n'), '\n\n', end, after].join('');
  const written = await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
  if (written === page) return;
  if (!isCheck) return writeFile(PAGE, written);
  console.error(`${relative(ROOT, PAGE)}: the ${name} are out of date: run ${command}`);
  process.exitCode = 1;
}
