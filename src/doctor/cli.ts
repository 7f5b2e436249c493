#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { runCli } from './run-cli.js';

const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(manifest) as { version: string };

process.exitCode = await runCli(process.argv.slice(2), version, {
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
  untilStopped: () =>
    new Promise((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    }),
});
