import { either, increase, rate } from './metrics.mjs';

const PER_ROW = 2;
const WIDTH = 24 / PER_ROW;
const HEIGHT = 8;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** The selection by the variables of the dashboard. */
const CHOSEN = 'job=~"$job", nudge_auth_registration=~"$registration"';
const TIME = '$__rate_interval';

const chosen = (more = '') => `{${CHOSEN}${more === '' ? '' : `, ${more}`}}`;
const perSecond = (key, by, more) => rate(key, chosen(more), TIME, by);
const stateOf = (aggregate, key, by = 'job, instance') =>
  `${aggregate} by (${by}) (${either(key, (name) => name + chosen())})`;
const quantile = (q) => `histogram_quantile(${q}, ${perSecond('renewalDuration', 'le')})`;

/** The panels. A query is an expression with its legend. */
const PANELS = [
  {
    title: 'Requests for a token, by outcome',
    description: 'stale: the token should have been renewed by now. failed: the caller got no token.',
    unit: 'reqps',
    queries: [[perSecond('requests', 'nudge_auth_outcome'), '{{nudge_auth_outcome}}']],
  },
  {
    title: 'Failed requests, by error code',
    description: 'The runbook says what to do about each code.',
    unit: 'reqps',
    queries: [[perSecond('requests', 'error_type', 'nudge_auth_outcome="failed"'), '{{error_type}}']],
  },
  {
    title: 'Remaining life of the held token',
    description:
      'Only in scope client. While it falls for longer than a few minutes, the token is not renewed. At 0, users get no token.',
    unit: 's',
    queries: [[stateOf('min', 'remainingLife'), '{{instance}}']],
  },
  {
    title: 'Held tokens, by process',
    description: 'In scope client a process holds one token, in scope user one for each active user.',
    unit: 'short',
    queries: [[stateOf('sum', 'held'), '{{instance}}']],
  },
  {
    title: 'Renewals, by source of the token or error code',
    description:
      'vendor: a call to Nudge. store: another process fetched the token. A code: the renewal failed.',
    unit: 'ops',
    queries: [
      [perSecond('renewals', 'nudge_auth_from', 'error_type=""'), '{{nudge_auth_from}}'],
      [perSecond('renewals', 'error_type', 'error_type!=""'), '{{error_type}}'],
    ],
  },
  {
    title: 'Duration of renewals',
    description:
      'From the need for a token to the token or the failure, with all attempts and with waits for the budget.',
    unit: 's',
    queries: [
      [quantile(0.5), 'median'],
      [quantile(0.95), '95th percentile'],
      [quantile(0.99), '99th percentile'],
    ],
  },
  {
    title: 'Calls to Nudge per minute, by error code',
    description: 'Nudge allows 1200 calls per minute and IP address. No code: the call succeeded.',
    unit: 'short',
    queries: [[increase('calls', chosen(), '1m', 'error_type'), '{{error_type}}']],
  },
  {
    title: 'Callers that wait for the budget of calls, or are refused',
    description: 'In scope user: refused users get a 503, although Nudge works.',
    unit: 'short',
    queries: [
      [stateOf('sum', 'waiting', 'job'), 'waiting'],
      [perSecond('refused', 'job'), 'refused per second'],
    ],
  },
  {
    title: 'Fallback key in use, shared store lost',
    description: '1: yes. 0: no.',
    unit: 'short',
    queries: [
      [stateOf('max', 'fallbackInUse'), 'fallback key: {{instance}}'],
      [`1 - ${stateOf('min', 'storeAvailable')}`, 'store lost: {{instance}}'],
    ],
  },
  {
    title: "How far Nudge's clock is ahead of the process",
    description: 'Below 0: it is behind. If only one process differs, the clock of its machine is wrong.',
    unit: 's',
    isSigned: true,
    queries: [[stateOf('max', 'skew'), '{{instance}}']],
  },
  {
    title: "Checks of users' JWTs, by outcome",
    description: 'refused: the user got a 401. keys_unavailable: the user got a 503.',
    unit: 'ops',
    queries: [[perSecond('userJwtChecks', 'nudge_auth_outcome'), '{{nudge_auth_outcome}}']],
  },
  {
    title: 'Lost audit records',
    unit: 'short',
    queries: [[increase('auditDropped', chosen(), TIME, 'job'), '{{job}}']],
  },
];

const REF_IDS = 'ABCDEF';

function panelOf({ title, description, unit, isSigned = false, queries }, index) {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    gridPos: {
      x: (index % PER_ROW) * WIDTH,
      y: Math.floor(index / PER_ROW) * HEIGHT,
      w: WIDTH,
      h: HEIGHT,
    },
    fieldConfig: { defaults: { unit, min: isSigned ? undefined : 0 }, overrides: [] },
    targets: queries.map(([expr, legendFormat], query) => ({
      refId: REF_IDS[query],
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}

function variableOf(name, label, labelName) {
  const query = `label_values(${either('held')}, ${labelName})`;
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: name },
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
    refresh: 2,
  };
}

/** A dashboard that Grafana 10 and newer can import. */
export function dashboard() {
  return JSON.stringify({
    title: 'nestjs-nudge-auth',
    uid: 'nestjs-nudge-auth',
    description: 'How nestjs-nudge-auth gets and serves Nudge tokens. Written by: npm run alerts',
    tags: ['nudge'],
    timezone: 'browser',
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        variableOf('job', 'Application', 'job'),
        variableOf('registration', 'Registration', 'nudge_auth_registration'),
      ],
    },
    panels: PANELS.map(panelOf),
  });
}
