import { errorCodeOf } from '../../common/error-kind.js';
import { fail, pass, type Check } from '../check.js';
import { hasRedis } from '../probes/redis.js';

export const ioredisCheck: Check = {
  name: 'ioredis',
  group: 'Redis',
  asks: 'whether ioredis, the client of Redis, is installed',
  needs: [],
  isFor: hasRedis,
  async run({ machine }) {
    try {
      await machine.loadRedisClient();
      return pass('ioredis is installed');
    } catch (error) {
      const code = errorCodeOf(error);
      const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
      return isMissing
        ? fail('NUDGE_REDIS_URL is set, but ioredis is not installed', 'Run: npm install ioredis')
        : fail('ioredis cannot be loaded', 'Install it again: npm install ioredis');
    }
  },
};
