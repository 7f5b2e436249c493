import { describeWithProgram } from '../../support/optional-program.js';
import { REDIS_SERVER } from './redis-server.js';

const INSTALL =
  'Debian: apt-get install redis-server; macOS: brew install redis; then: npm run test:only -- test/redis';

/** A suite that needs a real Redis. Without one it is skipped with a message; in CI it fails. */
export function describeRedis(title: string, tests: () => void): void {
  describeWithProgram(title, { names: [REDIS_SERVER], install: INSTALL }, tests);
}
