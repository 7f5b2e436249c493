import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeRedis } from '../redis/support/describe-redis.js';
import { describeWithProgram } from '../support/optional-program.js';

const run = promisify(execFile);
/** Long enough for a busy machine. */
const WITHIN_MS = 600_000;

describeWithProgram('the drill', { names: ['promtool'], install: 'apt-get install prometheus' }, () =>
  describeRedis('with Redis', () => {
    it(
      'finds log or events, metrics and an alert for every incident, as the table of the runbook says',
      async () => {
        // The drill fails if an incident leaves no trace in log, events, metrics or alerts, or if the table is out of date.
        const env = { ...process.env, NODE_OPTIONS: '' };
        const { stderr } = await run(process.execPath, ['scripts/operate/drill/run.mjs', '--check'], { env });
        expect(stderr).toBe('');
      },
      WITHIN_MS,
    );
  }),
);
