#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { runCli } from './run-cli.js';

const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(manifest) as { version: string };

process.exitCode = await runCli(process.argv.slice(2), version, {
  print: (said) => process.stdout.write(said),
  printError: (said) => process.stderr.write(said),
  untilStopped: () =>
    new Promise((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    }),
  readInput: () => text(process.stdin),
  environment: process.env,
  isTerminal: { output: process.stdout.isTTY, errors: process.stderr.isTTY },
});

// At once, when all is written: a name that is still being looked up would keep the process alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
