import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describeMachine } from './machine.js';
import { measure, MEASURE_NAMES } from './measure.js';
import { writePictures } from './pictures.js';
import { writeTables } from './report.js';
import { settingsFor } from './settings.js';
import { findings, type Results } from './targets.js';

/**
 * Runs all measures, or those that are named, and writes results, pictures and the tables of the documentation.
 * `--short` makes a quick run and writes nothing. `report` measures nothing and writes the last results again.
 */
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const isShort = process.argv.includes('--short');
const unknown = wanted.filter((word) => word !== 'report' && !(MEASURE_NAMES as string[]).includes(word));
if (unknown.length > 0) {
  console.error(`There is no measure ${unknown.join(', ')}. Use ${MEASURE_NAMES.join(', ')} or report.`);
  process.exit(2);
}
const names = MEASURE_NAMES.filter((name) => wanted.length === 0 || wanted.includes(name));
const results = new URL('../../results/', import.meta.url);
mkdirSync(results, { recursive: true });

const measured: Partial<Results> = await measure(names, settingsFor(isShort), (name, result, tookS) => {
  console.log(`${name}: ${tookS} s`);
  if (isShort) return;
  const record = {
    command: `npm run bench -- ${name}`,
    measuredAt: new Date().toISOString(),
    machine: describeMachine(),
    result,
  };
  writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify(record, undefined, 2)}\n`);
});

for (const { holds, target, measured: figure } of findings(measured)) {
  console.log(`${holds ? 'holds      ' : 'FALLS SHORT'}  ${target}; measured ${figure}`);
}
if (!isShort) {
  await writePictures(results);
  writeTables(results);
}
process.exit(0);
