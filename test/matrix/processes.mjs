/* Runs programs on a chosen Node, outside this repository. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';

const RUN_TIMEOUT_MS = 600_000;

/** What npm tells the scripts of this repository is not true of another application. */
const ownEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|npm_config_local_prefix|NODE_|NUDGE_|JEST_)/.test(name),
  ),
);

/** The environment of a program: the folder of its Node comes first, then the tools of the application. */
export function environment({ nodeFolder, cwd, nodeOptions, more = {} }) {
  const path = [nodeFolder, join(cwd, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter);
  return {
    ...ownEnvironment,
    PATH: path,
    ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }),
    ...more,
  };
}

/** The output; fails with all of it when the program does not end with 0. */
export function run(command, args, { cwd, env = ownEnvironment, timeoutMs = RUN_TIMEOUT_MS }) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env, timeout: timeoutMs, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const output = `${stdout}\n${stderr}`.trim();
      reject(new Error(`${command} ${args.join(' ')} (${error.signal ?? error.code}):\n${output}`));
    });
  });
}

/** A program that is to serve until it is stopped. */
export function start(command, args, { cwd, env }) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const ended = once(child, 'exit');
  return {
    output: () => output,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    /** Asks it to end; whether it did so in time and as asked. */
    async terminate(timeoutMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      const [code, signal] = await ended;
      clearTimeout(timer);
      if (code !== 0 && signal !== 'SIGTERM') {
        throw new Error(`It ended with ${signal ?? code} at SIGTERM:\n${output}`);
      }
    },
    kill: () => child.kill('SIGKILL'),
  };
}
