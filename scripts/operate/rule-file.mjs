import { ALERTS } from './alerts/index.mjs';
import { quote } from './yaml.mjs';

/** The section of the runbook that says what to do. GitHub and editors make such anchors from headings. */
export const runbookOf = (name) => `nestjs-nudge-auth/docs/runbook.md#${name.toLowerCase()}`;

function ruleOf({ name, severity, for: time, summary, expr }) {
  const lines = expr.split('\n').map((line) => `          ${line}`);
  return `
      - alert: ${name}
        expr: |
${lines.join('\n')}
        for: ${time}
        labels:
          severity: ${severity}
        annotations:
          summary: ${quote(summary)}
          runbook: ${quote(runbookOf(name))}
`;
}

/** The file with the alert rules for Prometheus. */
export function ruleFile() {
  return `# Alert rules for nestjs-nudge-auth. Written by: npm run alerts
#
# They find the metrics under the names that OpenTelemetry's Prometheus exporter gives them, and under those of the
# Collector. docs/runbook.md says what to do about each alert.
groups:
  - name: nestjs-nudge-auth
    rules:${ALERTS.map(ruleOf).join('')}`;
}
