import { fail, pass, skip, type Check } from '../check.js';
import { hasRedis, NO_INFO, redisInfo } from '../probes/redis.js';
import { isInRange } from '../version-range.js';

const NEEDED = '>=6.2.0';

export const redisVersionCheck: Check = {
  name: 'redis-version',
  group: 'Redis',
  asks: 'the version of Redis',
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const info = await redisInfo(context, signal);
    if (info === undefined) return skip(NO_INFO);
    const version = info.get('redis_version') ?? '0';
    const valkey = info.get('valkey_version');
    const shown = valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`;
    return isInRange(version, NEEDED)
      ? pass(shown)
      : fail(`${shown} is too old`, 'The store needs Redis 6.2 or later, or Valkey.');
  },
};
