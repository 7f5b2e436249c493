import { expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { parse } from 'valibot';
import { FAULT_CATALOGUE } from '../../src/emulator/faults/fault-catalogue.js';

const PAGE = 'docs/emulator.md';
const BEGIN = '<!-- The table of faults is written by: npm run docs:update -->\n';
const END = '<!-- End of the table of faults -->\n';

/** As somebody would type it: with a space after each colon and comma. */
const asTyped = (value: object): string => JSON.stringify(value, null, 1).replaceAll(/\s*\n\s*/g, ' ');

/** A row for each kind of fault, grouped by layer. */
function faultTable(): string {
  let layerBefore = '';
  const rows = [...FAULT_CATALOGUE.values()].map(({ layer, example, effect }) => {
    const shownLayer = layer === layerBefore ? '' : `\`${layer}\``;
    layerBefore = layer;
    return `| ${shownLayer} | \`${asTyped(example)}\` | ${effect} |\n`;
  });
  return `| layer | fault | what the client sees |\n| --- | --- | --- |\n${rows.join('')}`;
}

it('the page of the emulator shows every kind of fault as the code declares it', async () => {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest = ''] = page.split(BEGIN);
  const [, after] = rest.split(END);
  const text = `${before}${BEGIN}\n${faultTable()}\n${END}${after}`;
  const expected = await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(PAGE, expected);
  expect(await readFile(PAGE, 'utf8')).toBe(expected);
});

it.each([...FAULT_CATALOGUE])('the example of the fault %s is one', (kind, { schema, example }) => {
  expect(parse(schema, example)).toEqual(example);
  expect(example.kind).toBe(kind);
});
