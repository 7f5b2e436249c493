import { spawn } from 'node:child_process';

/**
 * Demo only: runs a program for as long as the process lives that started this one. A process that is killed has no time
 * to clean up, but its end of the pipe is closed all the same.
 */
const [program = '', ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: 'ignore' });
child.once('error', () => process.exit(1));
child.once('exit', (code) => process.exit(code ?? 0));
process.stdin.once('end', () => child.kill('SIGKILL')).resume();
// Its parent decides what ends when.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
