import { spawn } from 'node:child_process';

/**
 * Demo only: runs a redis-server as long as the parent process lives. A killed parent cannot clean up, but its end of
 * the pipe is closed in any case.
 */
const redis = spawn('redis-server', process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] });
redis.once('error', () => process.exit(1));
redis.once('exit', () => process.exit());
process.stdin.once('end', () => redis.kill('SIGKILL')).resume();
// The parent process decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
