#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { runCli } from './run-cli.js';

const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(manifest) as { version: string };

process.exitCode = await runCli(process.argv.slice(2), version, {
  print: (output) => process.stdout.write(output),
  printError: (output) => process.stderr.write(output),
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
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
