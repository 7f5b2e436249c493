/* Alerts about handing out and renewing tokens. */
import { APP, INSTANCE, either, increase, rate } from '../metrics.mjs';

const OK = '{error_type=""}';
const FAILED = '{error_type!=""}';

/** An expression for series that have failures and no success. */
function onlyFailures(key, time, by) {
  return `${increase(key, FAILED, time, by)} > 0\nunless\n${increase(key, OK, time, by)} > 0`;
}

// For the cases: one success a minute, or for an hour, and then three failures a minute.
const WELL = '0+1x120';
const WELL_FOR_AN_HOUR = '0+1x60 60+0x60';
const FAILS_AFTER_AN_HOUR = '_x60 0+3x60';

export const TOKEN_ALERTS = [
  {
    name: 'NudgeAuthUsersWithoutToken',
    severity: 'critical',
    for: '5m',
    summary: 'Users of {{ $labels.job }} get no Nudge token: more than 1 % of the requests fail.',
    // A bad request of a client, an unknown tenant and a module that is switched off are not incidents.
    expr: `${rate('requests', '{nudge_auth_outcome="failed", error_type!~"NUDGE_INVALID_REQUEST|NUDGE_DISABLED|NUDGE_UNKNOWN_TENANT"}', '5m', APP)}
/
${rate('requests', '', '5m', APP)}
> 0.01`,
    cases: [
      {
        situation: '2 % of the requests fail from minute 60 on',
        series: [
          ['requests', { nudge_auth_outcome: 'held' }, '0+98x120'],
          ['requests', { nudge_auth_outcome: 'failed', error_type: 'NUDGE_TIMEOUT' }, '_x60 0+2x60'],
        ],
        silentAt: ['60m', '65m'],
        firesAt: '70m',
      },
      {
        situation: '0.5 % of the requests fail',
        series: [
          ['requests', { nudge_auth_outcome: 'held' }, '0+199x120'],
          ['requests', { nudge_auth_outcome: 'failed', error_type: 'NUDGE_TIMEOUT' }, '0+1x120'],
        ],
        silentAt: ['30m', '119m'],
      },
      {
        situation:
          'clients send bad requests, name unknown tenants, or use a registration that is switched off',
        series: [
          ['requests', { nudge_auth_outcome: 'held' }, '0+1x120'],
          ['requests', { nudge_auth_outcome: 'failed', error_type: 'NUDGE_INVALID_REQUEST' }, '0+9x120'],
          ['requests', { nudge_auth_outcome: 'failed', error_type: 'NUDGE_DISABLED' }, '0+9x120'],
          ['requests', { nudge_auth_outcome: 'failed', error_type: 'NUDGE_UNKNOWN_TENANT' }, '0+9x120'],
        ],
        silentAt: ['30m', '119m'],
      },
    ],
  },
  {
    name: 'NudgeAuthCannotRenew',
    severity: 'warning',
    for: '5m',
    summary:
      'No process of {{ $labels.job }} has renewed a Nudge token for ten minutes. Users still get the held tokens until these expire.',
    expr: onlyFailures('renewals', '5m', APP),
    cases: [
      {
        situation: 'all renewals fail from minute 60 on',
        series: [
          ['renewals', { nudge_auth_from: 'vendor' }, WELL_FOR_AN_HOUR],
          ['renewals', { error_type: 'NUDGE_UNAVAILABLE' }, FAILS_AFTER_AN_HOUR],
        ],
        silentAt: ['60m', '69m'],
        firesAt: '71m',
      },
      {
        situation: 'many renewals fail, and a few succeed',
        series: [
          ['renewals', { nudge_auth_from: 'store' }, '0+0.25x120'],
          ['renewals', { error_type: 'NUDGE_UNAVAILABLE' }, '0+3x120'],
        ],
        silentAt: ['30m', '119m'],
      },
      {
        situation: 'no caller asks for a token',
        series: [['renewals', { nudge_auth_from: 'vendor' }, '5+0x120']],
        silentAt: ['30m', '119m'],
      },
    ],
  },
  {
    name: 'NudgeAuthTokenRunsOut',
    severity: 'critical',
    for: '1m',
    summary:
      'The Nudge token that {{ $labels.instance }} holds expires within 15 minutes and cannot be renewed. Then its users get none.',
    expr: `min by (${INSTANCE}) (${either('remainingLife')}) < 900
and
(
${onlyFailures('renewals', '5m', INSTANCE)}
)`,
    labels: { instance: 'pod-1' },
    cases: [
      {
        situation: 'renewals fail from minute 60 on, and the token expires an hour later',
        series: [
          ['remainingLife', {}, '3600+0x60 3600-60x60'],
          ['renewals', { nudge_auth_from: 'vendor' }, WELL_FOR_AN_HOUR],
          ['renewals', { error_type: 'NUDGE_UNAVAILABLE' }, FAILS_AFTER_AN_HOUR],
        ],
        silentAt: ['75m', '107m'],
        firesAt: '109m',
      },
      {
        situation: 'tokens live for ten minutes, and are renewed',
        series: [
          ['remainingLife', {}, '600+0x120'],
          ['renewals', { nudge_auth_from: 'vendor' }, WELL],
          ['renewals', { error_type: 'NUDGE_TIMEOUT' }, '0+0.1x120'],
        ],
        silentAt: ['30m', '119m'],
      },
      {
        situation: 'a token expires that no caller asks for any more',
        series: [
          ['remainingLife', {}, '3600-60x60 0+0x60'],
          ['renewals', { nudge_auth_from: 'vendor' }, '5+0x120'],
        ],
        silentAt: ['50m', '119m'],
      },
    ],
  },
  {
    name: 'NudgeAuthInstanceCannotReachNudge',
    severity: 'warning',
    for: '10m',
    summary: 'All calls of {{ $labels.instance }} to Nudge fail, while those of other processes succeed.',
    expr: `(
${onlyFailures('calls', '15m', INSTANCE)}
)
and on (${APP})
${increase('calls', OK, '5m', APP)} > 0`,
    labels: { instance: 'pod-1' },
    cases: [
      {
        situation: 'one of two processes fails from minute 60 on',
        series: [
          ['calls', { error_type: 'NUDGE_UNAVAILABLE' }, FAILS_AFTER_AN_HOUR],
          ['calls', { instance: 'pod-2' }, WELL],
        ],
        silentAt: ['60m', '70m'],
        firesAt: '72m',
      },
      {
        situation: 'all processes fail from minute 60 on',
        series: [
          ['calls', { error_type: 'NUDGE_UNAVAILABLE' }, FAILS_AFTER_AN_HOUR],
          ['calls', { instance: 'pod-2' }, WELL_FOR_AN_HOUR],
          ['calls', { instance: 'pod-2', error_type: 'NUDGE_UNAVAILABLE' }, FAILS_AFTER_AN_HOUR],
        ],
        silentAt: ['65m', '75m', '119m'],
      },
    ],
  },
];
