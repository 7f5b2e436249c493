import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { crowdedHistories, roomyHistories, TENANTS } from './tenant-history.js';
import { TenantSimulation } from './tenant-simulation.js';

/** Each property gets half. `NUDGE_HISTORIES=10000` runs 10,000 in all, `npm run test:histories` a million. */
const HISTORIES = Number(process.env['NUDGE_HISTORIES'] ?? 300) / 2;
/** Whether to shrink a history that fails. Not needed to learn only that one fails. */
const IS_SHRUNK = process.env['NUDGE_SHRINK'] !== 'no';
/** Long enough for a busy machine. */
const TIMEOUT_MS = 600_000 + HISTORIES * 60;

describe('the isolation of tenants', () => {
  it(
    `gives a tenant the same tokens, calls, waits and failures as if it were alone, in ${HISTORIES} random histories`,
    async () => {
      await fc.assert(
        fc.asyncProperty(roomyHistories, fc.constantFrom(...TENANTS), async (history, tenant) => {
          const together = await new TenantSimulation(history).run();
          const alone = await new TenantSimulation(history, tenant).run();
          // The order within one millisecond does not matter.
          expect(together.transcripts.get(tenant)?.toSorted()).toEqual(
            alone.transcripts.get(tenant)?.toSorted(),
          );
        }),
        { numRuns: HISTORIES, endOnFailure: !IS_SHRUNK },
      );
    },
    TIMEOUT_MS,
  );

  it(
    `never mixes up tokens with too little room and shared failures, in ${HISTORIES} random histories`,
    async () => {
      await fc.assert(
        fc.asyncProperty(crowdedHistories, async (history) => {
          await new TenantSimulation(history).run();
        }),
        { numRuns: HISTORIES, endOnFailure: !IS_SHRUNK },
      );
    },
    TIMEOUT_MS,
  );
});
