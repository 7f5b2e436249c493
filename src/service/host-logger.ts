import { Logger } from '@nestjs/common';

type Level = 'log' | 'warn' | 'error' | 'debug';

/**
 * Nest's logger, for the lines of this package. Behind it may stand a logger of the host. What that logger throws ends here:
 * a log line must never change an answer or stop the boot.
 */
export class HostLogger {
  readonly #logger: Logger;

  /** @param subject stands before every line, for example `NudgeAuthModule`. */
  constructor(subject: string) {
    this.#logger = new Logger(subject);
  }

  log(message: string): void {
    this.#write('log', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  error(message: string | Error): void {
    this.#write('error', message);
  }

  debug(message: string): void {
    this.#write('debug', message);
  }

  #write(level: Level, message: string | Error): void {
    try {
      this.#logger[level](message);
    } catch {
      // The logger itself fails, so there is no place left for a report.
    }
  }
}
