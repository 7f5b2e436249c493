/* Reports of a drill for a reader: on the terminal and in the runbook. */

const NOTHING = '—';

const listed = (items) => (items.length === 0 ? [NOTHING] : items);

function alertText({ name, instances, afterMinutes }) {
  const where = instances.length === 1 ? `, for ${instances[0]} alone` : '';
  return `${name} after ${afterMinutes} min${where}`;
}

/** The report on one incident, for the terminal. */
export function reportOf({ title, answers, lines, events, metrics, health, alerts, after }) {
  const rows = {
    'users get': answers,
    log: lines,
    events,
    metrics,
    health,
    alerts: alerts.map(alertText),
    'when it is over': [...after.lines, ...after.events, ...after.health],
  };
  const text = Object.entries(rows).flatMap(([name, items]) =>
    listed(items).map((item, index) => `  ${(index === 0 ? name : '').padEnd(16)} ${item}`),
  );
  return `\n${title}\n${text.join('\n')}`;
}

/** The signals that an incident lacks, and the signals that do not end with it. */
export function faultsOf({ lines, events, metrics, alerts, isAlive, after }) {
  return [
    lines.length + events.length === 0 && 'neither the log nor an event shows it',
    metrics.length === 0 && 'no metric shows it',
    alerts.length === 0 && 'no alert fires',
    !isAlive && 'the liveness check fails',
    after.alerts.length > 0 && `still fires when it is over: ${after.alerts.join(', ')}`,
    after.health.join() !== 'up' && `health when it is over: ${after.health.join('; ')}`,
    after.answers.join() !== '200' && `users get when it is over: ${after.answers.join('; ')}`,
  ].filter(Boolean);
}

/** A log line up to its cause, without the parts that differ from run to run. */
function beginningOf(line) {
  const [, level, text] = /^(\w+): (.*)$/s.exec(line);
  const [beginning] = text
    .replace(/ \(fingerprint \w+\)/, '')
    .split(/(?<!\(NUDGE_\w+\)|"): |\. | from http| \((?=\d)/);
  return `${level}: “${beginning.replace(/\.$/, '')}”`;
}

const code = (text) => `\`${text}\``;
const cell = (items) => listed(items).join('<br>');

function alertLink({ name, instances }) {
  const link = `[${name}](#${name.toLowerCase()})`;
  return instances.length === 1 ? `${link} for one process` : link;
}

const HEAD = ['what goes wrong', 'users get', 'log', 'events', 'metrics', 'health', 'alerts, in this order'];

/** The table of incidents in the runbook, in Markdown. */
export function tableOf(findings) {
  const rows = findings.map(({ title, answers, lines, events, metrics, health, alerts }) => [
    title,
    cell(answers.map(code)),
    cell(lines.map(beginningOf)),
    cell(events.map(code)),
    cell(metrics.map((metric) => metric.replace(/^(\S.*) (\w+)$/, '`$1` $2'))),
    cell(health.map(code)),
    cell(alerts.map(alertLink)),
  ]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
