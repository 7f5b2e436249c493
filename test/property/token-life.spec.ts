import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { histories, historiesOfRepetition } from './history.js';
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

  it(
    `keeps them in ${HISTORIES / 50} random histories of a vendor that repeats a token until its end`,
    async () => {
      await fc.assert(
        fc.asyncProperty(historiesOfRepetition, (history) => new Simulation(history).run()),
        { numRuns: HISTORIES / 50 },
      );
    },
    PATIENCE_MS,
  );
});
