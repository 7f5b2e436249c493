import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeWithProgram } from '../support/optional-program.js';

const run = promisify(execFile);

it('the files for Prometheus and Grafana are what `npm run alerts` writes', async () => {
  await run(process.execPath, ['scripts/operate/write.mjs', '--check']);
});

describeWithProgram(
  'the alert rules',
  { names: ['promtool'], install: 'apt-get install prometheus' },
  (promtool) => {
    it('are valid', async () => {
      const { stdout } = await run(promtool, ['check', 'rules', 'docs/prometheus-alerts.yml']);
      expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
    });

    it('fire when they must and not before, under both spellings of the metrics', async () => {
      const { stdout } = await run(promtool, ['test', 'rules', 'docs/prometheus-alerts.test.yml']);
      expect(stdout).toMatch(/SUCCESS/);
    });
  },
);
