import { spawn } from 'node:child_process';

/**
 * Demo only: runs a redis-server for as long as the process lives that started this one. Whoever is killed has no time to
 * clean up, but its end of the pipe is closed all the same.
 */
const redis = spawn('redis-server', process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] });
redis.once('error', () => process.exit(1));
redis.once('exit', () => process.exit());
process.stdin.once('end', () => redis.kill('SIGKILL')).resume();
// The one who started this decides what ends when.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
