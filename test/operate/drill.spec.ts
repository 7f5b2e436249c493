import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeRedis } from '../redis/support/describe-redis.js';
import { describeWithProgram } from '../support/optional-program.js';

const run = promisify(execFile);
/** Long enough for a machine that does much else. */
const WITHIN_MS = 600_000;

describeWithProgram('the drill', { names: ['promtool'], install: 'apt-get install prometheus' }, () =>
  describeRedis('with Redis', () => {
    it(
      'finds log or events, metrics and an alert for every incident, as the table of the runbook says',
      async () => {
        // It fails where an incident cannot be told, and where the table is out of date.
        const env = { ...process.env, NODE_OPTIONS: '' };
        const { stderr } = await run(process.execPath, ['scripts/operate/drill/run.mjs', '--check'], { env });
        expect(stderr).toBe('');
      },
      WITHIN_MS,
    );
  }),
);
