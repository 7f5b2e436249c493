import { connect, createServer, type AddressInfo } from 'node:net';
import type { Stage } from './stage.js';

/** A version before 6.2 with as many characters as the real one, so that the length of the answer stays right. */
const olderThan = (version: string): string => '6.0.'.padEnd(version.length, '9');

/**
 * Starts a proxy before a real Redis. Returns the URL of the proxy.
 *
 * @param change sees each answer of Redis, and returns the bytes for the client.
 */
async function proxyOf(stage: Stage, port: number, change: (answer: string) => string): Promise<string> {
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    client.on('error', () => redis.destroy()).pipe(redis);
    redis.on('error', () => client.destroy());
    redis.on('end', () => client.end());
    // In latin1 every byte is one character, so nothing else changes.
    redis.on('data', (bytes) => client.write(change(bytes.toString('latin1')), 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.atEnd(() => new Promise((resolve) => server.close(resolve)));
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A Redis that reports an older version in place of its own. */
export function reportingOldVersion(stage: Stage, port: number): Promise<string> {
  return proxyOf(stage, port, (answer) => answer.replace(/(?<=redis_version:)[\d.]+/, olderThan));
}

/** A Redis that answers each `PING` so late, by the clock of the stage. */
export function answeringPingLate(stage: Stage, port: number, lateMs: number): Promise<string> {
  return proxyOf(stage, port, (answer) => {
    if (answer.includes('+PONG')) stage.clock.advance(lateMs);
    return answer;
  });
}
