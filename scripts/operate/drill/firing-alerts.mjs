import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RULES = fileURLToPath(new URL('../../../docs/prometheus-alerts.yml', import.meta.url));

/** A complaint of promtool: the time, and the alerts that fire at that time. */
const COMPLAINT = /time: (?:(\d+)h)?(?:(\d+)m)?(?:0s)?,\s+exp: nil\s+got: (.*)/g;

function valuesOf(values, length) {
  return Array.from({ length }, (_, index) => values[index] ?? '_').join(' ');
}

/** Lets promtool find the alerts that fire. The tests expect none, so promtool complains about each one. */
async function complaints(tests) {
  const folder = await mkdtemp(join(tmpdir(), 'nudge-auth-drill-'));
  try {
    const file = join(folder, 'recording.yml');
    // JSON is also valid YAML.
    await writeFile(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
    return await new Promise((resolve, reject) => {
      execFile('promtool', ['test', 'rules', file], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        if (error?.code === 'ENOENT')
          reject(new Error('The drill needs promtool: apt-get install prometheus'));
        else resolve(stdout + stderr);
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Finds the alerts that fire in each minute of a recording, with the rules of docs/prometheus-alerts.yml.
 *
 * @returns `{ name, instance, minute }` for each alert and minute; `instance` is `undefined` if the alert names none.
 */
export async function firingAlerts({ series, length }, stepSeconds) {
  const minutes = Math.floor(((length - 1) * stepSeconds) / 60);
  const input = [...series].map(([key, values]) => ({ series: key, values: valuesOf(values, length) }));
  const output = await complaints([
    {
      interval: `${stepSeconds}s`,
      input_series: input,
      promql_expr_test: Array.from({ length: minutes + 1 }, (_, minute) => ({
        expr: 'ALERTS{alertstate="firing"}',
        eval_time: `${minute}m`,
        exp_samples: [],
      })),
    },
  ]);
  if (!/SUCCESS|FAILED:\s+expr/.test(output))
    throw new Error(`promtool could not read the recording: ${output}`);
  return [...output.matchAll(COMPLAINT)].flatMap(([, hours = 0, rest = 0, firing]) =>
    [...firing.matchAll(/\{([^}]*)\}/g)].map(([, labels]) => ({
      name: /alertname="(\w+)"/.exec(labels)[1],
      instance: /instance="([^"]+)"/.exec(labels)?.[1],
      minute: Number(hours) * 60 + Number(rest),
    })),
  );
}
