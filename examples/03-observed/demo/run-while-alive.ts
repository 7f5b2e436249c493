import { spawn } from 'node:child_process';

/**
 * Demo only: runs a program as long as the parent process lives. A killed parent cannot clean up, but its end of the
 * pipe is closed in any case.
 */
const [program = '', ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: 'ignore' });
child.once('error', () => process.exit(1));
child.once('exit', (code) => process.exit(code ?? 0));
process.stdin.once('end', () => child.kill('SIGKILL')).resume();
// The parent process decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
