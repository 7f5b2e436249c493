import 'reflect-metadata';
import { measure, MEASURE_NAMES } from './measure.js';
import { settingsFor } from './settings.js';
import { findings } from './targets.js';

/** Makes a new short run and compares it with the targets. The exit code is 1 if a target is missed. */
const results = await measure(MEASURE_NAMES, settingsFor(true));
const found = findings(results);
for (const { holds, target, measured } of found) {
  console.log(`${holds ? 'holds      ' : 'FALLS SHORT'}  ${target}; measured ${measured}`);
}
const short = found.filter(({ holds }) => !holds);
if (results.stampede?.fleet === undefined)
  console.log('NOT MEASURED: the measures that need Redis, see above.');
console.log(
  short.length === 0
    ? `All ${found.length} targets that were measured hold.`
    : `${short.length} of ${found.length} targets fall short.`,
);
process.exit(short.length === 0 ? 0 : 1);
