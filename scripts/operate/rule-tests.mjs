import { ALERTS } from './alerts/index.mjs';
import { METRICS } from './metrics.mjs';
import { runbookOf } from './rule-file.mjs';
import { quote } from './yaml.mjs';

const INSTANCE = { job: 'shop', instance: 'pod-1', nudge_auth_registration: 'default' };
/** The labels of an alert, unless the alert declares others. */
const APP = { job: 'shop', nudge_auth_registration: 'default' };
const SPELLINGS = { exporter: "the exporter's names", collector: "the Collector's names" };

/** A series that shows that there are metrics. Every test has it, except those about missing metrics. */
const PRESENCE = ['held', {}, '1x120'];

/** The spellings that a case runs with: only one if both are the same. */
function spellingsOf({ series }) {
  const differs = series.some(([key]) => METRICS[key].exporter !== METRICS[key].collector);
  return differs ? Object.keys(SPELLINGS) : ['exporter'];
}

function inputOf([key, labels, values], spelling) {
  const pairs = Object.entries({ ...INSTANCE, ...labels }).map(([name, value]) => `${name}="${value}"`);
  const series = `${METRICS[key][spelling]}{${pairs.join(',')}}`;
  return `
      - series: ${quote(series)}
        values: ${quote(values)}`;
}

function expectationOf(time, name, alerts) {
  return `
      - eval_time: ${time}
        alertname: ${name}
        exp_alerts: ${alerts}`;
}

/** A summary as Prometheus writes it: with the values of the alert's labels. */
function rendered(summary, labels) {
  return summary.replace(/{{ \$labels\.(\w+) }}/g, (_, label) => labels[label] ?? '');
}

/** The alert that must fire. */
function firingOf({ name, severity, summary, labels: ownLabels = {} }) {
  const labels = { severity, ...APP, ...ownLabels };
  const expected = {
    exp_labels: labels,
    exp_annotations: { summary: rendered(summary, labels), runbook: runbookOf(name) },
  };
  // JSON is YAML.
  return `[${JSON.stringify(expected)}]`;
}

function testOf(alert, { situation, series, silentAt, firesAt }, spelling) {
  const isAboutPresence = series.some(([key]) => key === PRESENCE[0]);
  const input = isAboutPresence ? series : [...series, PRESENCE];
  const silent = silentAt.map((time) => expectationOf(time, alert.name, '[]'));
  const firing = firesAt === undefined ? [] : [expectationOf(firesAt, alert.name, firingOf(alert))];
  return `
  - name: ${quote(`${alert.name}: ${situation} (${SPELLINGS[spelling]})`)}
    interval: 1m
    input_series:${input.map((one) => inputOf(one, spelling)).join('')}
    alert_rule_test:${[...silent, ...firing].join('')}
`;
}

/** Unit tests that promtool runs: `promtool test rules docs/prometheus-alerts.test.yml`. */
export function ruleTests() {
  const tests = ALERTS.flatMap((alert) =>
    alert.cases.flatMap((one) => spellingsOf(one).map((spelling) => testOf(alert, one, spelling))),
  );
  return `# Tests of prometheus-alerts.yml for promtool. Written by: npm run alerts
rule_files:
  - prometheus-alerts.yml
evaluation_interval: 1m
tests:${tests.join('')}`;
}
