import { ManualClock } from '../../../src/testing/index.js';
import type { NudgeAuthEvent, NudgeAuthEventOf } from '../../../src/telemetry/events.js';
import { NudgeAuthEvents } from '../../../src/telemetry/events.js';
import { LogLines } from '../../../src/telemetry/log-lines.js';

type Samples = { readonly [Type in NudgeAuthEvent['type']]: readonly Omit<NudgeAuthEventOf<Type>, 'type'>[] };

const RENEWED = {
  reason: 'rotation',
  from: 'vendor',
  tookMs: 80,
  lifeMs: 3_600_000,
  keyFingerprint: '1f2e3d4c',
  skewMs: 0,
  isLonger: true,
} as const;
const KEYS_URL = 'https://login.example.com/jwks.json';
const NO_DETAIL = { detail: undefined, url: KEYS_URL };

/** Samples of every event, one for each log line that the event can bring. The compiler finds a missing event. */
const SAMPLES: Samples = {
  'renewal-started': [{ reason: 'cold' }],
  failed: [
    {
      reason: 'rotation',
      code: 'NUDGE_TIMEOUT',
      message: 'Nudge did not answer within 3000 ms',
      retryInMs: 4_000,
    },
  ],
  renewed: [
    RENEWED,
    { ...RENEWED, isLonger: false },
    { ...RENEWED, skewMs: 45_000 },
    { ...RENEWED, skewMs: -45_000 },
  ],
  recovered: [{ failures: 12, failedForMs: 300_000 }],
  paused: [{ forMs: 20_000 }],
  'budget-spent': [{ waiting: 40, retryInMs: 6_000 }],
  'key-refused': [
    { role: 'primary', keyFingerprint: '1f2e3d4c' },
    { role: 'fallback', keyFingerprint: '5a6b7c8d' },
  ],
  'key-in-use': [
    { role: 'fallback', keyFingerprint: '5a6b7c8d' },
    { role: 'primary', keyFingerprint: '1f2e3d4c' },
  ],
  'store-lost': [{ operation: 'read', reason: 'ECONNREFUSED' }],
  'store-back': [{}],
  'user-keys-lost': [
    { reason: 'unreachable', detail: 'ENOTFOUND', url: KEYS_URL },
    { reason: 'timeout', ...NO_DETAIL },
    { reason: 'redirect', detail: '301', url: KEYS_URL },
    { reason: 'status', detail: '404', url: KEYS_URL },
    { reason: 'no-jwks', ...NO_DETAIL },
    { reason: 'too-large', ...NO_DETAIL },
    { reason: 'no-usable-key', ...NO_DETAIL },
  ],
  'user-keys-back': [{}],
  invalidated: [{}],
  'audit-dropped': [
    { records: 500, reason: 'queue-full' },
    { records: 500, reason: 'failed' },
    { records: 500, reason: 'timeout' },
    { records: 500, reason: 'closed' },
  ],
  closed: [{}],
};

export const EVENT_TYPES: readonly string[] = Object.keys(SAMPLES);

/** The log lines of these events, each event alone, and the line of a failure that ends. */
export function sampleLogLines(): string[] {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const emit = (...events: NudgeAuthEvent[]): void => {
    const stream = new NudgeAuthEvents();
    void new LogLines(stream, { log: write, warn: write, error: write }, new ManualClock());
    for (const event of events) stream.emit(event);
  };
  const events = Object.entries(SAMPLES).flatMap(([type, samples]) =>
    samples.map((sample) => ({ ...sample, type }) as NudgeAuthEvent),
  );
  for (const event of events) emit(event);
  for (const failed of SAMPLES.failed) emit({ ...failed, type: 'failed' }, { ...RENEWED, type: 'renewed' });
  return [...new Set(lines)];
}
