import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Writes a part of a page between its two comments, or, with `isCheck`, fails where the page says something else.
 *
 * @param name what the comments call the part.
 * @param command what writes it.
 * @param lines the part, as Markdown.
 */
export async function writePart({ page = 'ARCHITECTURE.md', name, verb = 'are', command, lines, isCheck }) {
  const path = join(ROOT, page);
  const begin = `<!-- The ${name} ${verb} written by: ${command} -->`;
  const end = `<!-- End of the ${name} -->`;
  const present = await readFile(path, 'utf8');
  const [before, rest] = present.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${page} lacks the comments of the ${name}`);
  const text = [before, begin, '\n\n', lines.join('\n'), '\n\n', end, after].join('');
  const written = await format(text, { ...(await resolveConfig(path)), parser: 'markdown' });
  if (written === present) return;
  if (!isCheck) return writeFile(path, written);
  console.error(`${page}: the ${name} ${verb} out of date: run ${command}`);
  process.exitCode = 1;
}
