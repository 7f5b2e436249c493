/* Runs programs outside this repository, with a given version of Node. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';

const RUN_TIMEOUT_MS = 600_000;

/** The variables that npm sets for the scripts of this repository are wrong for another application. */
const ownEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|npm_config_local_prefix|NODE_(?!EXTRA_CA_CERTS)|NUDGE_|JEST_)/.test(name),
  ),
);

/** The environment of a program. Its PATH has first the folder of Node, then the tools of the application. */
export function environment({ nodeFolder, cwd, nodeOptions, more = {} }) {
  const path = [nodeFolder, join(cwd, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter);
  return {
    ...ownEnvironment,
    PATH: path,
    ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }),
    ...more,
  };
}

/** Runs a program and returns its output. Throws with the whole output if the exit code is not 0. */
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

/** Starts a program that runs until it is stopped. */
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
    /** Sends SIGTERM. Throws if the program does not end in time or ends with an error. */
    async terminate(timeoutMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      const [code, signal] = await ended;
      clearTimeout(timer);
      if (code !== 0 && signal !== 'SIGTERM') {
        throw new Error(`The program ended with ${signal ?? code} after SIGTERM:\n${output}`);
      }
    },
    kill: () => child.kill('SIGKILL'),
  };
}
