import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { RUN_THE_DOCTOR } from '../common/doctor-hint.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { NudgeAuthEvent, NudgeAuthEventOf, NudgeAuthEvents } from './events.js';
import { auditDropped } from './audit-dropped.js';
import { userKeysLost } from './user-keys-lost.js';

/** Writes log lines. Nest's `Logger` implements it. */
export interface LogSink {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

interface Line {
  readonly level: keyof LogSink;
  readonly text: string;
  /** Lines of one topic are about the same thing, so one a minute is enough. */
  readonly topic: string;
}

/** A subject has one state at a time. The last line about it must match that state. */
type Subject =
  'renewal' | 'repetition' | 'skew' | 'store' | 'user keys' | 'primary key' | 'fallback key' | 'key in use';

const SAME_TOPIC_EVERY_MS = MINUTE_MS;
/** A smaller difference between two clocks does no harm. */
const NOTABLE_SKEW_MS = 30 * SECOND_MS;

function whatFailed({ operation, reason }: NudgeAuthEventOf<'store-lost'>): string {
  return reason === undefined ? operation : `${operation}, ${reason}`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / SECOND_MS)} s`;
}

/**
 * Writes a line for every change of state, and nothing per request. A line says what to do. The log has at most one line of
 * a topic in a minute. If a held-back line is still true after that, it is written with the next event.
 */
export class LogLines {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  readonly #writtenAt = new Map<string, Instant>();
  /** The topic of the last written line about each subject. */
  readonly #lastTopic = new Map<Subject, string>();
  /** Lines that are still to be written. */
  readonly #pending = new Map<Subject, Line>();

  constructor(events: NudgeAuthEvents, sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    events.subscribe((event) => {
      // Each tenant has its own log lines.
      if (event.tenantFingerprint !== undefined) return;
      this.#take(event);
      for (const [subject, line] of this.#pending) {
        if (!this.#write(line)) continue;
        this.#pending.delete(subject);
        this.#lastTopic.set(subject, line.topic);
      }
    });
  }

  #take(event: NudgeAuthEvent): void {
    switch (event.type) {
      case 'failed':
        return this.#failed(event);
      case 'renewed':
        return this.#renewed(event);
      case 'recovered':
        return this.#is('renewal', {
          level: 'log',
          topic: 'recovered',
          text: `Nudge tokens are renewed again, after ${event.failures} failed attempts in ${seconds(event.failedForMs)}.`,
        });
      case 'paused':
        this.#write({
          level: 'warn',
          topic: 'paused',
          text:
            `Nudge answered 429, so this process sends no call for ${seconds(event.forMs)}. Nudge allows 1200 calls a minute ` +
            'from one IP address: lower budget.callsPerMinute, or let the processes share a store.',
        });
        return undefined;
      case 'budget-spent':
        this.#write({
          level: 'warn',
          topic: 'budget-spent',
          text:
            `The budget of calls to Nudge is spent (waiting callers: ${event.waiting}): new users wait or get an error for ` +
            `${seconds(event.retryInMs)}. Raise budget.callsPerMinute if Nudge allows more calls from this IP address, or raise defaultExpiryMins.`,
        });
        return undefined;
      case 'key-refused':
        return this.#is(`${event.role} key`, {
          level: 'error',
          topic: `key-refused ${event.role} ${event.keyFingerprint}`,
          text:
            `Nudge refuses the ${event.role} API key (fingerprint ${event.keyFingerprint}). Likely causes: a wrong or ` +
            'withdrawn key, a public key in place of the private one, or short-lived tokens not enabled for the ' +
            `account (ask Nudge to enable them). ${RUN_THE_DOCTOR}`,
        });
      case 'key-in-use':
        return this.#is(
          'key in use',
          event.role === 'fallback'
            ? {
                level: 'warn',
                topic: 'key-in-use fallback',
                text: `The fallback API key (fingerprint ${event.keyFingerprint}) is in use, because Nudge refuses the primary one: replace the primary key.`,
              }
            : {
                level: 'log',
                topic: 'key-in-use primary',
                text: `The primary API key (fingerprint ${event.keyFingerprint}) is in use again.`,
              },
        );
      case 'store-lost':
        return this.#is('store', {
          level: 'warn',
          topic: 'store-lost',
          text: `The token store does not answer (${whatFailed(event)}): this process gets its own tokens from Nudge until the store answers again. ${RUN_THE_DOCTOR}`,
        });
      case 'store-back':
        return this.#is('store', {
          level: 'log',
          topic: 'store-back',
          text: 'The token store answers again.',
        });
      case 'user-keys-lost':
        return this.#is('user keys', {
          level: 'warn',
          topic: `user-keys-lost ${event.reason}`,
          text: userKeysLost(event),
        });
      case 'user-keys-back':
        return this.#is('user keys', {
          level: 'log',
          topic: 'user-keys-back',
          text: "The keys that verify users' JWTs are fetched again.",
        });
      case 'audit-dropped':
        this.#write({ level: 'warn', topic: 'audit-dropped', text: auditDropped(event) });
        return undefined;
      case 'renewal-started':
      case 'invalidated':
      case 'closed':
        return undefined;
    }
  }

  #failed({ code, message, retryInMs }: NudgeAuthEventOf<'failed'>): void {
    const topic = `failed ${code}`;
    // For a refused key and for a pause there are other lines, which say more.
    if (code === 'NUDGE_CREDENTIALS_REJECTED' || code === 'NUDGE_RATE_LIMITED') {
      this.#pending.delete('renewal');
      this.#lastTopic.set('renewal', topic);
      return;
    }
    this.#is('renewal', {
      level: 'warn',
      topic,
      text: `Nudge tokens cannot be renewed (${code}): ${message}. Held tokens are served while they last; the next attempt is due in ${seconds(retryInMs)}. ${RUN_THE_DOCTOR}`,
    });
  }

  #renewed({ from, isLonger, skewMs, keyFingerprint }: NudgeAuthEventOf<'renewed'>): void {
    for (const role of ['primary', 'fallback'] as const) {
      const subject = `${role} key` as const;
      const topic = this.#pending.get(subject)?.topic ?? this.#lastTopic.get(subject);
      if (topic?.endsWith(keyFingerprint) === true) this.#isNormal(subject);
    }
    // The event `recovered` ends failures to reach the vendor. It does not come for a failure about one token.
    if (isLonger && from === 'vendor' && this.#lastTopic.get('renewal')?.startsWith('failed') === true) {
      this.#is('renewal', { level: 'log', topic: 'recovered', text: 'Nudge tokens are renewed again.' });
    }
    if (isLonger) this.#isNormal('repetition');
    else {
      this.#is('repetition', {
        level: 'warn',
        topic: 'repeating',
        text: 'Nudge answers with a token that expires no later than the last one: the module uses it, and asks less often.',
      });
    }
    if (skewMs !== undefined) this.#skewed(skewMs);
  }

  #skewed(skewMs: number): void {
    if (Math.abs(skewMs) <= NOTABLE_SKEW_MS) return this.#isNormal('skew');
    const relation = skewMs > 0 ? 'behind' : 'ahead of';
    return this.#is('skew', {
      level: 'warn',
      topic: 'skew',
      text:
        `This machine's clock is ${seconds(Math.abs(skewMs))} ${relation} Nudge's: check its time synchronisation; if all machines ` +
        "log this, Nudge's clock may be wrong. The module counts the life of tokens by Nudge's clock, so they stay good meanwhile.",
    });
  }

  /** Notes that a subject has the state that `line` describes. */
  #is(subject: Subject, line: Line): void {
    if (this.#lastTopic.get(subject) === line.topic) this.#pending.delete(subject);
    else this.#pending.set(subject, line);
  }

  /** Notes that a subject has its normal state, which needs no line. */
  #isNormal(subject: Subject): void {
    this.#pending.delete(subject);
    this.#lastTopic.delete(subject);
  }

  /** Writes a line unless its topic had one within the last minute. Returns whether it did. */
  #write({ level, text, topic }: Line): boolean {
    const now = this.#clock.now();
    const before = this.#writtenAt.get(topic);
    if (before !== undefined && elapsedMs(before, now) < SAME_TOPIC_EVERY_MS) return false;
    this.#writtenAt.set(topic, now);
    this.#sink[level](text);
    return true;
  }
}
