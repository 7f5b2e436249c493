import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS } from '../common/durations.js';
import type { LogSink } from '../telemetry/log-lines.js';

/** When Nudge fails for a thousand tenants, a few lines are enough. */
const LINES_PER_MINUTE = 20;

/** Log lines about tenants. Each names its tenant, and their number in a minute is limited. */
export class TenantLog {
  readonly #sink: LogSink;
  readonly #clock: Clock;
  #begunAt: Instant | undefined;
  #written = 0;
  #leftOut = 0;

  constructor(sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Writes the lines about one tenant. */
  of(name: string): LogSink {
    return {
      log: (message) => this.#write('log', `Tenant ${name}: ${message}`),
      warn: (message) => this.#write('warn', `Tenant ${name}: ${message}`),
      error: (message) => this.#write('error', `Tenant ${name}: ${message}`),
    };
  }

  #write(level: keyof LogSink, line: string): void {
    const now = this.#clock.now();
    if (this.#begunAt === undefined || elapsedMs(this.#begunAt, now) >= MINUTE_MS) {
      if (this.#leftOut > 0) this.#sink.warn(`${this.#leftOut} more lines about tenants were left out`);
      this.#begunAt = now;
      this.#written = 0;
      this.#leftOut = 0;
    }
    if (this.#written < LINES_PER_MINUTE) {
      this.#written += 1;
      this.#sink[level](line);
    } else this.#leftOut += 1;
  }
}
