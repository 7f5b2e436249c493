/* Alerts about the calls to Nudge and its answers. */
import { APP, either, increase, rate } from '../metrics.mjs';

export const CALL_ALERTS = [
  {
    name: 'NudgeAuthKeyRefused',
    severity: 'critical',
    for: '5m',
    summary:
      'Nudge refuses the API key of {{ $labels.job }}, and no fallback key is in use. Users still get the held tokens until these expire.',
    expr: `${increase('calls', '{error_type="NUDGE_CREDENTIALS_REJECTED"}', '5m', APP)} > 0
unless
max by (${APP}) (${either('fallbackInUse')}) == 1`,
    cases: [
      {
        situation: 'the key is refused from minute 60 on, and there is no fallback key',
        series: [
          ['calls', { error_type: 'NUDGE_CREDENTIALS_REJECTED' }, '_x60 1+1x60'],
          ['fallbackInUse', {}, '0x120'],
        ],
        silentAt: ['60m', '65m'],
        firesAt: '68m',
      },
      {
        situation: 'the key is refused, and the fallback key is in use',
        series: [
          ['calls', { error_type: 'NUDGE_CREDENTIALS_REJECTED' }, '0+0.2x120'],
          ['fallbackInUse', {}, '1x120'],
        ],
        silentAt: ['30m', '119m'],
      },
      {
        situation: 'a rotated key is refused once',
        series: [['calls', { error_type: 'NUDGE_CREDENTIALS_REJECTED' }, '1x60 2x60']],
        silentAt: ['61m', '64m', '66m', '70m'],
      },
    ],
  },
  {
    name: 'NudgeAuthFallbackKeyInUse',
    severity: 'warning',
    for: '5m',
    summary:
      'Nudge refuses the primary API key of {{ $labels.job }}. Users notice nothing, because the fallback key is in use.',
    expr: `max by (${APP}) (${either('fallbackInUse')}) == 1`,
    cases: [
      {
        situation: 'the fallback key is in use from minute 60 on',
        series: [['fallbackInUse', {}, '0x59 1x60']],
        silentAt: ['59m', '64m'],
        firesAt: '66m',
      },
    ],
  },
  {
    name: 'NudgeAuthRateLimited',
    severity: 'warning',
    for: '10m',
    summary:
      'Nudge has answered {{ $labels.job }} with 429 for ten minutes: too many calls come from this IP address.',
    expr: `${increase('calls', '{error_type="NUDGE_RATE_LIMITED"}', '10m', APP)} > 0`,
    cases: [
      {
        situation: 'every minute one call is answered with 429',
        series: [['calls', { error_type: 'NUDGE_RATE_LIMITED' }, '_x60 1+1x60']],
        silentAt: ['61m', '70m'],
        firesAt: '73m',
      },
      {
        situation: 'one call is answered with 429',
        series: [['calls', { error_type: 'NUDGE_RATE_LIMITED' }, '1x60 2x60']],
        silentAt: ['62m', '70m', '72m'],
      },
    ],
  },
  {
    name: 'NudgeAuthBudgetSpent',
    severity: 'warning',
    for: '10m',
    summary:
      'Users of {{ $labels.job }} have been refused for ten minutes because the budget of calls to Nudge is spent.',
    expr: `${increase('refused', '', '5m', APP)} > 0`,
    cases: [
      {
        situation: 'callers are refused from minute 60 on',
        series: [['refused', {}, '0x59 0+4x60']],
        silentAt: ['60m', '69m'],
        firesAt: '72m',
      },
      {
        situation: 'callers are refused for a minute',
        series: [['refused', {}, '0x60 40x60']],
        silentAt: ['62m', '72m', '80m'],
      },
    ],
  },
  {
    name: 'NudgeAuthBadResponse',
    severity: 'warning',
    for: '10m',
    summary:
      'For ten minutes the answers of Nudge to {{ $labels.job }} have had no usable token: a wrong address, a proxy, or a fault of Nudge.',
    expr: `${increase('calls', '{error_type="NUDGE_BAD_RESPONSE"}', '10m', APP)} > 0`,
    cases: [
      {
        situation: 'answers have no usable token from minute 60 on',
        series: [['calls', { error_type: 'NUDGE_BAD_RESPONSE' }, '_x60 1+1x60']],
        silentAt: ['61m', '70m'],
        firesAt: '73m',
      },
      {
        situation: 'one answer has no usable token',
        series: [['calls', { error_type: 'NUDGE_BAD_RESPONSE' }, '1x60 2x60']],
        silentAt: ['62m', '70m', '72m'],
      },
    ],
  },
  {
    name: 'NudgeAuthNudgeSlow',
    severity: 'warning',
    for: '10m',
    summary: 'One in twenty renewals of {{ $labels.job }} at Nudge takes longer than 2 s.',
    // What waits for the budget of calls takes long as well, and has an alert of its own.
    expr: `histogram_quantile(0.95, ${rate('renewalDuration', '{nudge_auth_from="vendor"}', '10m', `le, ${APP}`)}) > 2
unless
max by (${APP}) (${either('waiting', (name) => `max_over_time(${name}[10m])`)}) > 0
unless
${increase('refused', '', '10m', APP)} > 0`,
    cases: [
      {
        situation: 'renewals take long because they wait for the budget',
        series: [
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '2.0' }, '0+9x120'],
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '3.0' }, '0+10x120'],
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '+Inf' }, '0+10x120'],
          ['waiting', {}, '0 0 0 0 7 0 0 0 0 7x111'],
        ],
        silentAt: ['16m', '60m', '119m'],
      },
      {
        situation: 'every tenth renewal takes between 2 and 3 s',
        series: [
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '2.0' }, '0+9x120'],
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '3.0' }, '0+10x120'],
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '+Inf' }, '0+10x120'],
        ],
        silentAt: ['0m', '10m'],
        firesAt: '12m',
      },
      {
        situation: 'one renewal in fifty takes between 2 and 3 s',
        series: [
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '2.0' }, '0+49x120'],
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '3.0' }, '0+50x120'],
          ['renewalDuration', { nudge_auth_from: 'vendor', le: '+Inf' }, '0+50x120'],
        ],
        silentAt: ['30m', '119m'],
      },
    ],
  },
];
