/*
 * Simulates a million clients for eight hours, with tokens of one hour and the module's real cache code on a simulated
 * clock. Prints a table, and writes docs/fleet-simulation.json and docs/fleet-simulation.svg.
 */
import { writeFileSync } from 'node:fs';
import { picture } from './picture.mjs';
import { CLIENTS, HOURS, keptUntilExpiry, simulate } from './simulation.mjs';

const PODS = [1, 10, 100, 1000];
const ALLOWED_PEAK = { even: 1.3, burst: 2, recovery: 3 };

const say = (line) => process.stdout.write(`${line}\n`);
const rounded = (value) => Math.round(value * 100) / 100;
const results = [];

function report(row) {
  results.push(row);
  const { pods, pattern, clients, outage, callsPerHour, maxAtOnce, peakToMean, recoveryPeakToMean } = row;
  say(
    `| ${pods} | ${pattern} | ${clients} | ${outage ? '10 min' : 'none'} | ${callsPerHour} | ${maxAtOnce} | ` +
      `${peakToMean} | ${outage ? recoveryPeakToMean : ''} |`,
  );
}

say(`${CLIENTS.toLocaleString('en')} clients, ${HOURS} hours, tokens of one hour\n`);
say(
  '| pods | arrivals | clients refresh | outage | calls to Nudge an hour | most at once | peak ÷ mean, hours 4 to 8 | in the hour after the outage |',
);
say('|---|---|---|---|---|---|---|---|');

async function run(settings) {
  const result = await simulate(settings);
  const { pods, pattern, clientPolicy = 'spread', outage = false } = settings;
  report({
    pods,
    pattern,
    clients: clientPolicy === 'spread' ? 'at 75–95 %' : 'at expiry',
    outage,
    callsPerHour: result.callsPerHour,
    callsDuringOutage: outage ? result.callsDuringOutage : undefined,
    maxAtOnce: result.maxAtOnce,
    refused: result.refused,
    meanPerS: result.meanPerS,
    peakToMean: rounded(result.peakToMean),
    firstReturnPeakToMean: rounded(result.firstReturnPeakToMean),
    recoveryPeakToMean: outage ? rounded(result.recoveryPeakToMean) : undefined,
  });
  return result;
}

await run({ pods: 10, pattern: 'even', clientPolicy: 'at expiry' });
let shown;
for (const pods of PODS) {
  for (const pattern of ['even', 'burst']) {
    await run({ pods, pattern });
    const withOutage = await run({ pods, pattern, outage: true });
    if (pods === 100 && pattern === 'burst') shown = withOutage;
  }
}

const kept = keptUntilExpiry({ pattern: 'burst' });
say(`\nFor comparison, one token kept until it expires: peak ÷ mean ${Math.round(kept.peakToMean)}`);
const docs = new URL('../../docs/', import.meta.url);
writeFileSync(
  new URL('fleet-simulation.json', docs),
  `${JSON.stringify({ clients: CLIENTS, hours: HOURS, results }, null, 2)}\n`,
);
writeFileSync(new URL('fleet-simulation.svg', docs), picture({ kept: kept.load, module: shown.load }));

const failed = results.filter(
  ({ clients, pattern, outage, peakToMean, recoveryPeakToMean, refused, maxAtOnce }) =>
    clients !== 'at expiry' &&
    (peakToMean > (outage ? ALLOWED_PEAK.recovery : ALLOWED_PEAK[pattern]) ||
      (recoveryPeakToMean ?? 0) > ALLOWED_PEAK.recovery ||
      refused > 0 ||
      maxAtOnce > 1),
);
if (failed.length > 0) {
  say(`\nThese rows miss their limits: ${JSON.stringify(failed, null, 2)}`);
  process.exitCode = 1;
}
