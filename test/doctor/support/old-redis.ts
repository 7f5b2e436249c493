import { connect, createServer, type AddressInfo } from 'node:net';
import type { Stage } from './stage.js';

/** A version before 6.2 with as many characters as the real one, so that the length of the answer stays right. */
const olderThan = (version: string): string => '6.0.'.padEnd(version.length, '9');

/** Starts a proxy before a real Redis that reports an older version in its place. Returns the URL of the proxy. */
export async function reportingOldVersion(stage: Stage, port: number): Promise<string> {
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    client.on('error', () => redis.destroy()).pipe(redis);
    redis.on('error', () => client.destroy());
    redis.on('end', () => client.end());
    redis.on('data', (bytes) => {
      // In latin1 every byte is one character, so nothing else changes.
      const answer = bytes.toString('latin1');
      client.write(answer.replace(/(?<=redis_version:)[\d.]+/, olderThan), 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.atEnd(() => new Promise((resolve) => server.close(resolve)));
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
