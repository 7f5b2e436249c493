import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';

interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** Keeps what the application logs, as a person would read it. */
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

  /** What was logged at a level. */
  at(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.text);
  }
}
