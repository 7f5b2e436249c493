import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { crowdedHistories, roomyHistories, TENANTS } from './tenant-history.js';
import { TenantSimulation } from './tenant-simulation.js';

/** Half of them for each property. 10,000 in all by `NUDGE_HISTORIES=10000`, a million by `npm run test:histories`. */
const HISTORIES = Number(process.env['NUDGE_HISTORIES'] ?? 300) / 2;
/** Whether a history that fails is made as short as it can be: not where it only counts that one fails. */
const IS_SHRUNK = process.env['NUDGE_SHRINK'] !== 'no';
/** So long that a busy machine cannot miss it. */
const TIMEOUT_MS = 600_000 + HISTORIES * 60;

describe('the isolation of tenants', () => {
  it(
    `leaves a tenant's tokens, calls, waits and failures as if it were alone, in ${HISTORIES} random histories`,
    async () => {
      await fc.assert(
        fc.asyncProperty(roomyHistories, fc.constantFrom(...TENANTS), async (history, tenant) => {
          const together = await new TenantSimulation(history).run();
          const alone = await new TenantSimulation(history, tenant).run();
          // Within a millisecond the order says nothing.
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
    `never mixes up tokens where room is short and what all share fails, in ${HISTORIES} random histories`,
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
