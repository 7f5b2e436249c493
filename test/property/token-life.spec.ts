import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { histories, historiesOfRepetition } from './history.js';
import { Simulation } from './simulation.js';

/** 10,000 by `npm run test:all`, a million by `npm run test:histories`. */
const HISTORIES = Number(process.env['NUDGE_HISTORIES'] ?? 2_000);
/** So long that a busy machine cannot miss it. */
const TIMEOUT_MS = 600_000 + HISTORIES * 60;

describe('the life of a token', () => {
  it(
    `keeps its rules in ${HISTORIES} random histories`,
    async () => {
      await fc.assert(
        fc.asyncProperty(histories, (history) => new Simulation(history).run()),
        { numRuns: HISTORIES },
      );
    },
    TIMEOUT_MS,
  );

  it(
    `keeps them in ${HISTORIES / 50} random histories of a vendor that repeats a token until its end`,
    async () => {
      await fc.assert(
        fc.asyncProperty(historiesOfRepetition, (history) => new Simulation(history).run()),
        { numRuns: HISTORIES / 50 },
      );
    },
    TIMEOUT_MS,
  );
});
