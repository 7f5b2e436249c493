import { execFile } from 'node:child_process';

// Long enough that only a hanging command reaches it.
const TIMEOUT_MS = 300_000;

/** Runs a command and returns its output. Throws with the whole output if the exit code is not 0. */
export function runAsConsumer(command, args, { cwd }) {
  // The variables that npm sets for the scripts of this repository are wrong for a consumer.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(?!config_)|npm_config_local_prefix|NODE_TEST)/.test(name),
    ),
  );
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { cwd, env, timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else {
          const output = `${stdout}\n${stderr}`.trim();
          reject(new Error(`${command} ${args.join(' ')} (${error.signal ?? error.code}):\n${output}`));
        }
      },
    );
  });
}
