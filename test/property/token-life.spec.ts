import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { histories, historiesOfRepetition } from './history.js';
import { Simulation } from './simulation.js';

/** `npm run test:all` runs 10,000 and `npm run test:histories` a million. */
const HISTORIES = Number(process.env['NUDGE_HISTORIES'] ?? 2_000);
/** Long enough for a busy machine. */
const TIMEOUT_MS = 600_000 + HISTORIES * 60;

describe('the life of a token', () => {
  it(
    `keeps its eight rules in ${HISTORIES} random histories`,
    async () => {
      await fc.assert(
        fc.asyncProperty(histories, (history) => new Simulation(history).run()),
        { numRuns: HISTORIES },
      );
    },
    TIMEOUT_MS,
  );

  it(
    `keeps its eight rules in ${HISTORIES / 50} random histories of a vendor that repeats a token until its end`,
    async () => {
      await fc.assert(
        fc.asyncProperty(historiesOfRepetition, (history) => new Simulation(history).run()),
        { numRuns: HISTORIES / 50 },
      );
    },
    TIMEOUT_MS,
  );
});
