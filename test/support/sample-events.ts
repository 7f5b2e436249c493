import { HOUR_MS } from '../../src/common/durations.js';
import type { NudgeAuthEvent, NudgeAuthEventOf } from '../../src/telemetry/events.js';

export const FAILED: NudgeAuthEventOf<'failed'> = {
  type: 'failed',
  reason: 'rotation',
  code: 'NUDGE_UNAVAILABLE',
  message: 'Nudge answered with status 502',
  retryInMs: 700,
};
export const RENEWED: NudgeAuthEventOf<'renewed'> = {
  type: 'renewed',
  reason: 'rotation',
  from: 'vendor',
  tookMs: 12,
  lifeMs: HOUR_MS,
  keyFingerprint: '0a1b2c3d',
  skewMs: 200,
  isLonger: true,
};
export const RECOVERED: NudgeAuthEvent = { type: 'recovered', failures: 3, failedForMs: 4_200 };
export const PRIMARY_REFUSED: NudgeAuthEventOf<'key-refused'> = {
  type: 'key-refused',
  role: 'primary',
  keyFingerprint: '0a1b2c3d',
};

export const KEYS_LOST: NudgeAuthEventOf<'user-keys-lost'> = {
  type: 'user-keys-lost',
  reason: 'status',
  detail: '404',
  url: 'https://id.example/keys',
};
