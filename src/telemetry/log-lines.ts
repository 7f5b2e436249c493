import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { NudgeAuthEvent, NudgeAuthEvents } from './events.js';

/** Where lines go: Nest's `Logger` fits. */
export interface LogSink {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

interface Line {
  readonly level: keyof LogSink;
  readonly text: string;
  /** Lines about the same thing, of which one a minute is enough. */
  readonly topic: string;
}

const SAME_TOPIC_EVERY_MS = MINUTE_MS;
/** Below this a difference of clocks is nobody's worry. */
const NOTABLE_SKEW_MS = 30 * SECOND_MS;

function seconds(ms: number): string {
  return `${Math.ceil(ms / SECOND_MS)} s`;
}

/**
 * Writes one line for every change of state, saying what to do; nothing per request. A topic that changes to and fro is
 * written once a minute.
 */
export class LogLines {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  readonly #writtenAt = new Map<string, Instant>();
  #failingWith: string | undefined;
  #isSkewKnown = false;
  #isRepeating = false;

  constructor(events: NudgeAuthEvents, sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    events.subscribe((event) => {
      for (const line of this.#linesFor(event)) this.#write(line);
    });
  }

  #linesFor(event: NudgeAuthEvent): Line[] {
    switch (event.type) {
      case 'failed':
        return this.#failed(event);
      case 'renewed':
        return [...this.#repeating(event), ...this.#skewed(event)];
      case 'recovered':
        this.#failingWith = undefined;
        return [
          {
            level: 'log',
            topic: 'recovered',
            text: `Nudge tokens are renewed again, after ${event.failures} failed attempts in ${seconds(event.failedForMs)}.`,
          },
        ];
      case 'paused':
        return [
          {
            level: 'warn',
            topic: 'paused',
            text:
              `Nudge answered 429, so nothing is sent for ${seconds(event.forMs)}. It allows 1200 calls a minute for all ` +
              'that share an IP address: lower budget.callsPerMinute, or let the processes share a store.',
          },
        ];
      case 'budget-spent':
        return [
          {
            level: 'warn',
            topic: 'budget-spent',
            text:
              `The budget of calls to Nudge is spent (${event.waiting} waiting): new users wait or are turned away for ` +
              `${seconds(event.retryInMs)}. Raise budget.callsPerMinute if this address has calls to spare, or defaultExpiryMins.`,
          },
        ];
      case 'key-refused':
        return [
          {
            level: 'error',
            topic: `key-refused ${event.role} ${event.keyFingerprint}`,
            text:
              `Nudge refuses the ${event.role} API key (fingerprint ${event.keyFingerprint}). Likely causes: a wrong or ` +
              'withdrawn key, a public key in place of the private one, or short-lived tokens not enabled for the ' +
              'account (ask Nudge to enable them).',
          },
        ];
      case 'key-in-use':
        return [
          event.role === 'fallback'
            ? {
                level: 'warn',
                topic: 'key-in-use fallback',
                text: `The fallback API key (fingerprint ${event.keyFingerprint}) serves, because the primary one is refused: replace the primary key.`,
              }
            : {
                level: 'log',
                topic: 'key-in-use primary',
                text: `The primary API key (fingerprint ${event.keyFingerprint}) serves again.`,
              },
        ];
      case 'store-lost':
        return [
          {
            level: 'warn',
            topic: 'store-lost',
            text: `The token store does not answer (${event.operation}): this process goes on by itself and calls Nudge on its own account.`,
          },
        ];
      case 'store-back':
        return [{ level: 'log', topic: 'store-back', text: 'The token store answers again.' }];
      case 'served':
      case 'invalidated':
        return [];
    }
  }

  #failed({ code, message, retryInMs }: Extract<NudgeAuthEvent, { type: 'failed' }>): Line[] {
    const isNews = this.#failingWith !== code;
    this.#failingWith = code;
    // A refused key and a pause have lines of their own, which say more.
    if (!isNews || code === 'NUDGE_CREDENTIALS_REJECTED' || code === 'NUDGE_RATE_LIMITED') return [];
    return [
      {
        level: 'warn',
        topic: `failed ${code}`,
        text: `Nudge tokens cannot be renewed (${code}): ${message}. Held tokens are served while they last; the next attempt is due in ${seconds(retryInMs)}.`,
      },
    ];
  }

  #repeating({ isLonger }: Extract<NudgeAuthEvent, { type: 'renewed' }>): Line[] {
    const isNews = !isLonger && !this.#isRepeating;
    this.#isRepeating = !isLonger;
    if (isLonger) this.#failingWith = undefined;
    if (!isNews) return [];
    const text =
      'Nudge answers with a token that lives no longer than the last one; it is used, and asked for less often.';
    return [{ level: 'warn', topic: 'repeating', text }];
  }

  #skewed({ skewMs }: Extract<NudgeAuthEvent, { type: 'renewed' }>): Line[] {
    const isSkewed = skewMs !== undefined && Math.abs(skewMs) > NOTABLE_SKEW_MS;
    const isNews = isSkewed && !this.#isSkewKnown;
    if (skewMs !== undefined) this.#isSkewKnown = isSkewed;
    if (!isNews) return [];
    const relation = skewMs > 0 ? 'behind' : 'ahead of';
    const text =
      `This machine's clock is ${seconds(Math.abs(skewMs))} ${relation} Nudge's: check its time synchronisation. ` +
      "Tokens are reckoned by Nudge's clock, so they stay good meanwhile.";
    return [{ level: 'warn', topic: 'skew', text }];
  }

  #write({ level, text, topic }: Line): void {
    const now = this.#clock.now();
    const before = this.#writtenAt.get(topic);
    if (before !== undefined && elapsedMs(before, now) < SAME_TOPIC_EVERY_MS) return;
    this.#writtenAt.set(topic, now);
    this.#sink[level](text);
  }
}
