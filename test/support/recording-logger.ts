import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';

interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** Records the log lines of the application as a person would read them. */
export class RecordingLogger implements LoggerService {
  readonly lines: LogLine[] = [];

  log = this.#record('log');
  error = this.#record('error');
  warn = this.#record('warn');
  debug = this.#record('debug');
  verbose = this.#record('verbose');
  fatal = this.#record('fatal');

  #record(level: string) {
    return (...parts: unknown[]): void => {
      const text = parts
        .map((part) =>
          typeof part === 'string'
            ? part
            : inspect(part, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
        )
        .join(' ');
      this.lines.push({ level, text });
    };
  }

  /** The log lines of a level. */
  at(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.text);
  }
}
