/* Alerts about what the module depends on: store, clock, keys of users, audit, Prometheus. */
import { APP, INSTANCE, either, increase, rate } from '../metrics.mjs';

export const SURROUNDINGS_ALERTS = [
  {
    name: 'NudgeAuthStoreLost',
    severity: 'warning',
    for: '5m',
    summary:
      '{{ $labels.instance }} cannot use the shared store. It works alone and calls Nudge itself. Users notice nothing.',
    expr: `min by (${INSTANCE}) (${either('storeAvailable')}) == 0`,
    labels: { instance: 'pod-1' },
    cases: [
      {
        situation: 'one of two processes has lost the store from minute 60 on',
        series: [
          ['storeAvailable', {}, '1x59 0x60'],
          ['storeAvailable', { instance: 'pod-2' }, '1x120'],
        ],
        silentAt: ['59m', '64m'],
        firesAt: '66m',
      },
    ],
  },
  {
    name: 'NudgeAuthClockSkew',
    severity: 'warning',
    for: '15m',
    summary: 'The clocks of {{ $labels.instance }} and of Nudge differ by more than 30 s.',
    expr: `max by (${INSTANCE}) (${either('skew', (name) => `abs(${name})`)}) > 30`,
    labels: { instance: 'pod-1' },
    cases: [
      {
        situation: "Nudge's clock is 45 s ahead",
        series: [['skew', {}, '45x120']],
        silentAt: ['0m', '14m'],
        firesAt: '16m',
      },
      {
        situation: "Nudge's clock is 45 s behind",
        series: [['skew', {}, '-45+0x120']],
        silentAt: ['0m', '14m'],
        firesAt: '16m',
      },
      { situation: 'clocks differ by 29 s', series: [['skew', {}, '29x120']], silentAt: ['30m', '119m'] },
    ],
  },
  {
    name: 'NudgeAuthUserKeysUnavailable',
    severity: 'critical',
    for: '2m',
    summary:
      "Users of {{ $labels.job }} get a 503, because the login service's keys that verify their JWTs cannot be fetched.",
    expr: `${increase('userJwtChecks', '{nudge_auth_outcome="keys_unavailable"}', '5m', APP)} > 0`,
    cases: [
      {
        situation: 'checks lack keys from minute 60 on',
        series: [['userJwtChecks', { nudge_auth_outcome: 'keys_unavailable' }, '0x59 0+4x60']],
        silentAt: ['60m', '62m'],
        firesAt: '64m',
      },
    ],
  },
  {
    name: 'NudgeAuthMostUsersRefused',
    severity: 'warning',
    for: '15m',
    summary: "{{ $labels.job }} refuses more than half of its users' JWTs with a 401.",
    expr: `${rate('userJwtChecks', '{nudge_auth_outcome="refused"}', '10m', APP)}
/
${rate('userJwtChecks', '', '10m', APP)}
> 0.5`,
    cases: [
      {
        situation: 'two of three JWTs are refused',
        series: [
          ['userJwtChecks', { nudge_auth_outcome: 'refused' }, '0+20x120'],
          ['userJwtChecks', { nudge_auth_outcome: 'verified' }, '0+4x120'],
          ['userJwtChecks', { nudge_auth_outcome: 'remembered' }, '0+6x120'],
        ],
        silentAt: ['0m', '15m'],
        firesAt: '17m',
      },
      {
        situation: 'two of five JWTs are refused',
        series: [
          ['userJwtChecks', { nudge_auth_outcome: 'refused' }, '0+20x120'],
          ['userJwtChecks', { nudge_auth_outcome: 'remembered' }, '0+30x120'],
        ],
        silentAt: ['30m', '119m'],
      },
    ],
  },
  {
    name: 'NudgeAuthAuditDropped',
    severity: 'warning',
    for: '0m',
    summary: 'Audit records of {{ $labels.job }} are lost.',
    // A new series has no increase yet, but its first lost record must fire the alert too.
    expr: `${increase('auditDropped', '', '15m', APP)} > 0
or
sum by (${APP}) (${either('auditDropped', (name) => `${name} unless ${name} offset 15m`)}) > 0`,
    cases: [
      {
        situation: 'the first record is lost in minute 60',
        series: [['auditDropped', {}, '_x60 1x60']],
        silentAt: ['59m', '76m'],
        firesAt: '61m',
      },
      {
        situation: 'another record is lost in minute 60',
        series: [['auditDropped', {}, '7x59 8x60']],
        silentAt: ['59m', '76m'],
        firesAt: '62m',
      },
    ],
  },
  {
    name: 'NudgeAuthNoMetrics',
    severity: 'warning',
    for: '15m',
    summary: 'Prometheus has no metric of nestjs-nudge-auth: no other alert can fire.',
    expr: `absent(${either('held')})`,
    labels: { job: undefined, nudge_auth_registration: undefined },
    cases: [
      {
        situation: 'the metrics end after an hour',
        series: [['held', {}, '1x60']],
        silentAt: ['60m', '79m'],
        firesAt: '82m',
      },
    ],
  },
];
