import { afterEach, beforeEach, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FakeBrowser, type FakeAnswer } from './fake-world.js';
import type { Step } from './refresh-token.steps.js';
import { Watch } from './refresh-token.watch.js';

/** The number of histories in one test run. For a longer search, set `PROPERTY_RUNS`. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 1_000);
/** Long enough for a busy machine. */
const TIMEOUT_MS = 120_000 + RUNS * 60;

const answers = fc.constantFrom<(FakeAnswer | 'network error')[]>(
  'network error',
  { status: 500 },
  { status: 404 },
  { status: 401 },
  { status: 403 },
  { status: 503, headers: { 'retry-after': '50' } },
  { status: 429, headers: { 'retry-after': '3' } },
  { status: 401, headers: { 'retry-after': '20' } },
  {},
  { body: { token: 'poison', expiresIn: -1 } },
);

const momentsMs = fc.integer({ min: 1, max: 12_000 });
const durationsMs = fc.oneof(
  momentsMs,
  fc.integer({ min: 12_000, max: 70_000 }),
  fc.integer({ min: 70_000, max: 400_000 }),
  fc.integer({ min: 1_000_000, max: 5_000_000 }),
);

const lives = fc.record({
  expiresIn: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 90, max: 3_600 })),
  share: fc.integer({ min: 32, max: 64 }).map((part) => part / 64),
});

const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });

const stepsOver = (passesMs: fc.Arbitrary<number>, timeStep: fc.Arbitrary<Step>) =>
  fc.array(
    fc.oneof(
      weighted(8, fc.constant({ do: 'call' })),
      weighted(
        5,
        answers.map((answer) => ({ do: 'answer', answer })),
      ),
      weighted(
        4,
        lives.map((life) => ({ do: 'answer with a token', ...life })),
      ),
      weighted(1, fc.constant({ do: 'answer too late' })),
      weighted(
        6,
        passesMs.map((ms) => ({ do: 'pass', ms })),
      ),
      weighted(3, fc.constantFrom<Step[]>({ do: 'hide' }, { do: 'show' }, { do: 'go online' })),
      weighted(1, fc.constantFrom<Step[]>({ do: 'reset' }, { do: 'reset' }, { do: 'reset' }, { do: 'stop' })),
      weighted(1, fc.constant({ do: 'other user' })),
      weighted(2, fc.constantFrom<Step[]>({ do: 'sign out' }, { do: 'sign in' }, { do: 'renew access' })),
      weighted(
        1,
        fc.constantFrom<Step[]>({ do: 'break headers' }, { do: 'mend headers' }, { do: 'mend headers' }),
      ),
      weighted(1, timeStep),
    ),
    { maxLength: 100, size: 'max' },
  );

const sleeps = durationsMs.map((ms): Step => ({ do: 'sleep', ms }));
const clockJumps = fc
  .integer({ min: -5_000_000, max: 5_000_000 })
  .map((ms): Step => ({ do: 'set clock', ms }));

/**
 * No history has both sleeps and jumps: if the clock is set back in a sleep, the client cannot know how much time has
 * passed.
 */
const histories = fc.oneof(
  stepsOver(momentsMs, fc.constant({ do: 'renew access' })),
  stepsOver(durationsMs, sleeps),
  stepsOver(durationsMs, clockJumps),
);

let browser: FakeBrowser;
beforeEach(() => {
  browser = new FakeBrowser();
});
afterEach(() => {
  browser.restore();
});

it(
  'the client breaks no rule in random histories',
  async () => {
    // Fractions of a power of two, so that no rounding changes an exact bound.
    const chances = fc.integer({ min: 0, max: 1_023 }).map((part) => part / 1_024);
    const property = fc.asyncProperty(
      histories,
      chances,
      fc.boolean(),
      fc.boolean(),
      async (history, chance, canAbort, hasIdentity) => {
        browser.show();
        await new Watch(browser, () => chance, canAbort, hasIdentity).run(history);
      },
    );
    await fc.assert(property, { numRuns: RUNS });
  },
  TIMEOUT_MS,
);
