import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithProgram } from '../support/optional-program.js';
import { queriesOfTheBoard } from './support/board.js';

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

    it('and the queries of the dashboard are valid', async () => {
      const queries = await queriesOfTheBoard();
      expect(queries.length).toBeGreaterThan(10);
      const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }));
      const folder = await mkdtemp(join(tmpdir(), 'board-'));
      try {
        const file = join(folder, 'queries.yml');
        // JSON is YAML.
        await writeFile(file, JSON.stringify({ groups: [{ name: 'board', rules }] }));
        const { stdout } = await run(promtool, ['check', 'rules', file]);
        expect(stdout).toContain(`SUCCESS: ${queries.length} rules found`);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  },
);
