#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { errorKindOf } from '../common/error-kind.js';
import { takeProcess } from './host-code.js';
import { runCli } from './run-cli.js';

const own = takeProcess(process);

// Node would print the whole error, and an error of the host's code (`doctor --config`) may quote a secret. It
// may throw several times before the line is written.
process.on('uncaughtException', (error) => {
  const line = `nestjs-nudge-auth: an uncaught error ended the command (${errorKindOf(error)})\n`;
  own.printError(line, () => own.exit(1));
});

const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(manifest) as { version: string };

process.exitCode = await runCli(process.argv.slice(2), version, {
  print: own.print,
  printError: own.printError,
  untilStopped: () =>
    new Promise((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    }),
  readInput: () => text(process.stdin),
  environment: process.env,
  isTerminal: { output: process.stdout.isTTY, errors: process.stderr.isTTY },
});

// Exits as soon as the output is written: a DNS look-up under way would keep the process alive.
own.print('', () => own.printError('', () => own.exit()));
