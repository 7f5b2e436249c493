import { describe, it } from '@jest/globals';
import { isRedisInstalled } from './redis-server.js';

const HOW =
  'redis-server is not on the PATH, so the tests of the fleet did not run. Install it (Debian: apt-get install ' +
  'redis-server; macOS: brew install redis) and run: npm run test:unit -- test/redis';

/** A suite that needs a real Redis: without one it is skipped, and said so; on CI it fails. */
export function describeRedis(name: string, body: () => void): void {
  if (isRedisInstalled) {
    describe(name, body);
    return;
  }
  if (process.env['CI'] === 'true') {
    describe(name, () => {
      it('has a redis-server to run against', () => {
        throw new Error(HOW);
      });
    });
    return;
  }
  process.stderr.write(`\nNOT RUN: ${name}. ${HOW}\n\n`);
  describe.skip(name, body);
}
