import { expect, it } from '@jest/globals';
import { parse } from 'valibot';
import { FAULT_CATALOGUE } from '../../src/emulator/faults/fault-catalogue.js';
import { expectTable } from './generated-table.js';

/** The JSON as a person would type it: with a space after each colon and comma. */
const asTyped = (value: object): string => JSON.stringify(value, null, 1).replaceAll(/\s*\n\s*/g, ' ');

/** A row for each kind of fault, grouped by layer. */
function faultRows(): string[][] {
  let layerBefore = '';
  return [...FAULT_CATALOGUE.values()].map(({ layer, example, effect }) => {
    const shownLayer = layer === layerBefore ? '' : `\`${layer}\``;
    layerBefore = layer;
    return [shownLayer, `\`${asTyped(example)}\``, effect];
  });
}

it('docs/emulator.md shows every kind of fault as the code declares it', () =>
  expectTable('docs/emulator.md', 'faults', [['layer', 'fault', 'what the client sees'], ...faultRows()]));

it.each([...FAULT_CATALOGUE])('the example of the fault %s is valid', (kind, { schema, example }) => {
  expect(parse(schema, example)).toEqual(example);
  expect(example.kind).toBe(kind);
});
