import { readFileSync, writeFileSync } from 'node:fs';
import { source, spread, table, whole } from './markdown.js';
import { recorded, type Recorded } from './results.js';
import { ratioOf } from './statistics.js';
import { VARIANT_TITLES, VARIANTS } from './measures/endpoint.js';
import { NOISES } from './measures/noisy-tenant.js';
import { TELEMETRY } from './measures/otel.js';
import { findings, type Results } from './targets.js';

const PAGE = new URL('../../../docs/performance.md', import.meta.url);
const TENANTS_PAGE = new URL('../../../docs/tenants.md', import.meta.url);

function endpointTable(record: Recorded<'endpoint'>): string {
  const { groups, loadGenerator, secondsPerRound } = record.result;
  const two = (value: number): string => value.toFixed(2);
  const rates = table(
    ['requests a second, median (lowest–highest)', ...VARIANTS.map((variant) => VARIANT_TITLES[variant])],
    groups.map(({ adapter, algorithm, requestsPerSecond }) => [
      `${adapter}, ${algorithm}`,
      ...VARIANTS.map((variant) => spread(requestsPerSecond[variant])),
    ]),
  );
  const ratios = table(
    [
      'the endpoint divided by',
      'unguarded',
      'unguarded, by CPU time',
      'written directly',
      VARIANT_TITLES.textbook,
      VARIANT_TITLES['textbook end to end'],
      'p99 ÷ unguarded',
    ],
    groups.map(({ adapter, algorithm, ratioTo, cpuRatioToUnguarded, p99RatioToUnguarded }) => [
      `${adapter}, ${algorithm}`,
      spread(ratioTo.unguarded, two),
      spread(cpuRatioToUnguarded, two),
      spread(ratioTo['written directly'], two),
      spread(ratioTo.textbook, two),
      spread(ratioTo['textbook end to end'], two),
      spread(p99RatioToUnguarded, two),
    ]),
  );
  return `${rates}\n\n${ratios}\n\n${source(record)}; ${loadGenerator}, ${secondsPerRound} s a round.`;
}

function profileTable(record: Recorded<'profile'>): string {
  const { profiles, algorithm } = record.result;
  const owners = [...new Set(profiles.flatMap(({ shares }) => Object.keys(shares)))].toSorted();
  const rows = owners.map((owner) => [
    owner,
    ...profiles.map(({ shares }) => `${(100 * (shares[owner] ?? 0)).toFixed(1)} %`),
  ]);
  const head = [
    'share of the busy time',
    ...profiles.map(({ adapter, variant }) => `${adapter}, ${variant}`),
  ];
  return `${table(head, rows)}\n\n${source(record)}; ${algorithm}.`;
}

function otelTable(record: Recorded<'otel'>): string {
  const { endpoint, getToken } = record.result;
  const one = (value: number): string => value.toFixed(1);
  const two = (value: number): string => value.toFixed(2);
  const rows = TELEMETRY.map((telemetry) => [
    telemetry,
    spread(endpoint.measured[telemetry], one),
    spread(endpoint.ratioToNone[telemetry], two),
    spread(getToken.measured[telemetry]),
    spread(getToken.ratioToNone[telemetry], two),
  ]);
  const head = ['telemetry', 'µs of a core a request', '÷ none', 'ns a `getToken()`', '÷ none'];
  return `${table(head, rows)}\n\n${source(record)}.`;
}

function getTokenTable(record: Recorded<'get-token'>): string {
  const { nanosecondsPerCall, nanosecondsPerCallInANewMillisecond } = record.result;
  const [ours] = Object.values(nanosecondsPerCall);
  const rows = Object.entries(nanosecondsPerCall).map(([name, summary]) => {
    const later = nanosecondsPerCallInANewMillisecond[name];
    return [
      name,
      spread(summary),
      ours === undefined ? '' : ratioOf(summary.rounds, ours.rounds).median.toFixed(2),
      later === undefined ? '' : spread(later),
    ];
  });
  const head = [
    'library',
    'ns a call, median (lowest–highest)',
    'times ours',
    'ns a call in another millisecond than the last',
  ];
  return `${table(head, rows)}\n\n${source(record)}.`;
}

function stampedeTable(record: Recorded<'stampede'>): string {
  const { callers, calls, fleet } = record.result;
  const rows = Object.entries(calls).map(([name, count]) => [name, String(count)]);
  if (fleet !== undefined) {
    const { processes, callersEach } = fleet;
    const name = `nestjs-nudge-auth, ${processes} processes sharing a Redis, ${whole(callersEach)} callers each`;
    rows.push([name, String(fleet.calls)]);
  }
  return `${table([`${whole(callers)} concurrent cold callers`, 'calls to the vendor'], rows)}\n\n${source(record)}.`;
}

function startUpTable(record: Recorded<'start-up'>): string {
  const { withoutMs, withMs, moduleMs, importMs } = record.result;
  const rows = [
    ['without the module', spread(withoutMs)],
    ['with it', spread(withMs)],
    ['what it adds, round by round', spread(moduleMs)],
    ['the import alone', spread(importMs)],
  ];
  return `${table(['until the application listens', 'ms, median (lowest–highest)'], rows)}\n\n${source(record)}.`;
}

function memoryTable(record: Recorded<'memory'>): string {
  const { bytesPerEntry, entries, tokenCharacters, requests, users, heapMiB, growth } = record.result;
  const rows = [
    [
      `bytes a user's entry keeps, a token of ${tokenCharacters} characters included (${whole(entries)} entries)`,
      whole(bytesPerEntry),
    ],
    [
      `MiB held after each tenth of ${whole(requests)} requests of ${whole(users)} users`,
      heapMiB.map((size) => size.toFixed(1)).join(', '),
    ],
    ['the last tenth ÷ the first', growth.toFixed(3)],
  ];
  return `${table(['memory', 'measured'], rows)}\n\n${source(record)}.`;
}

function redisMemoryTable(record: Recorded<'redis-memory'>): string | undefined {
  if (record.result === undefined) return undefined;
  const { users, bytesPerUser, names, namesWithoutEnd, tokenLifeS, emptyAfterS } = record.result;
  const rows = [
    [`bytes of Redis' memory per user, ${whole(users)} users at once`, whole(bytesPerUser)],
    ['names in Redis', whole(names)],
    ['names without an end', whole(namesWithoutEnd)],
    [`seconds after the last write until Redis was empty, tokens of ${tokenLifeS} s`, whole(emptyAfterS)],
  ];
  return `${table(['user scope in Redis', 'measured'], rows)}\n\n${source(record)}.`;
}

function tenantsTable(record: Recorded<'tenants'>): string {
  const { tenants, usersEach, served } = record.result;
  const head = [
    `${whole(tenants)} tenants with ${usersEach} users each`,
    ...served.map(({ processes }) => (processes === 1 ? '1 process' : `${processes} processes, a Redis`)),
  ];
  const rows = [
    ['calls to Nudge', ...served.map(({ calls }) => whole(calls))],
    ['in the busiest minute', ...served.map(({ mostCallsPerMinute }) => whole(mostCallsPerMinute))],
    ['minutes until all are served', ...served.map(({ minutes }) => minutes.toFixed(1))],
    ['times that a process lost Redis', ...served.map(({ storeLosses }) => whole(storeLosses))],
    ['tokens each process holds', ...served.map(({ heldTokens }) => whole(Math.min(...heldTokens)))],
    ['MiB that its heap has grown by', ...served.map(({ heapMiB }) => whole(heapMiB))],
    ['MiB that it takes in all', ...served.map(({ rssMiB }) => whole(rssMiB))],
  ];
  return `${table(head, rows)}\n\n${source(record)}.`;
}

const NOISE_TITLES = {
  'refused key': 'Nudge refuses its key',
  'broken base URL': 'no server listens at its base URL',
  'slow config': 'the host never returns its config',
  'new users': '10,000 new users of it come at once',
} as const;

function noisyTenantTable(record: Recorded<'noisy-tenant'>): string {
  const rows = NOISES.map((noise) => {
    const { alone, beside } = record.result.noises[noise];
    const pair = (what: 'heldMs' | 'newUserMs', digits: number): string =>
      `${alone[what].toFixed(digits)} → ${beside[what].toFixed(digits)}`;
    return [NOISE_TITLES[noise], pair('heldMs', 3), pair('newUserMs', 1)];
  });
  const head = [
    'the other tenant',
    'a held token, ms, alone → beside it',
    'a new user, ms, alone → beside it',
  ];
  return `${table(head, rows)}\n\n${source(record)}.`;
}

function findingsTable(results: Partial<Results>): string {
  const rows = findings(results).map(({ target, measured, holds }) => [
    target,
    String(Number(measured.toPrecision(3))),
    holds ? 'yes' : '**no**',
  ]);
  return table(['target', 'measured', 'holds'], rows);
}

/** Writes the figures of the last full run into docs/performance.md, between the comments for each table. */
export function writeTables(folder: URL): void {
  const endpoint = recorded(folder, 'endpoint');
  const profile = recorded(folder, 'profile');
  const getToken = recorded(folder, 'get-token');
  const otel = recorded(folder, 'otel');
  const stampede = recorded(folder, 'stampede');
  const startUp = recorded(folder, 'start-up');
  const memory = recorded(folder, 'memory');
  const redisMemory = recorded(folder, 'redis-memory');
  const tenants = recorded(folder, 'tenants');
  const noisyTenant = recorded(folder, 'noisy-tenant');
  const tables: Readonly<Record<string, string | undefined>> = {
    endpoint: endpoint && endpointTable(endpoint),
    profile: profile && profileTable(profile),
    'get-token': getToken && getTokenTable(getToken),
    otel: otel && otelTable(otel),
    stampede: stampede && stampedeTable(stampede),
    'start-up': startUp && startUpTable(startUp),
    memory: memory && memoryTable(memory),
    'redis-memory': redisMemory && redisMemoryTable(redisMemory),
    targets: findingsTable({
      endpoint: endpoint?.result,
      'get-token': getToken?.result,
      otel: otel?.result,
      stampede: stampede?.result,
      'start-up': startUp?.result,
      memory: memory?.result,
      'redis-memory': redisMemory?.result,
      tenants: tenants?.result,
    }),
  };
  writeInto(PAGE, tables);
  writeInto(TENANTS_PAGE, {
    tenants: tenants && tenantsTable(tenants),
    'noisy-tenant': noisyTenant && noisyTenantTable(noisyTenant),
  });
}

function writeInto(file: URL, tables: Readonly<Record<string, string | undefined>>): void {
  let page = readFileSync(file, 'utf8');
  for (const [name, written] of Object.entries(tables)) {
    if (written === undefined) continue;
    const marked = new RegExp(`(<!-- measured: ${name} -->\\n)[^]*?(<!-- end -->)`);
    if (!marked.test(page)) throw new Error(`${file.pathname} has no place for the table ${name}`);
    page = page.replace(marked, (_former, begin: string, end: string) => `${begin}\n${written}\n\n${end}`);
  }
  writeFileSync(file, page);
}
