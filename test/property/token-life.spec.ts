import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { histories } from './history.js';
import { Simulation } from './simulation.js';

/** More by `npm run test:histories`. */
const HISTORIES = Number(process.env['NUDGE_HISTORIES'] ?? 10_000);
const PATIENCE_MS = Math.max(120_000, HISTORIES * 20);

describe('the life of a token', () => {
  it(
    `keeps its rules in ${HISTORIES} random histories`,
    async () => {
      await fc.assert(
        fc.asyncProperty(histories, (history) => new Simulation(history).run()),
        { numRuns: HISTORIES },
      );
    },
    PATIENCE_MS,
  );
});
