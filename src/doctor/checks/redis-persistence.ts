import { fail, pass, skip, type Check } from '../check.js';
import { hasRedis, NO_INFO, redisInfo } from '../probes/redis.js';

export const redisPersistenceCheck: Check = {
  name: 'redis-persistence',
  group: 'Redis',
  asks: 'whether Redis can write its data to disk, if it is set up to',
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const info = await redisInfo(context, signal);
    if (info === undefined) return skip(NO_INFO);
    const failing = ['rdb_last_bgsave_status', 'aof_last_write_status'].filter(
      (name) => (info.get(name) ?? 'ok') !== 'ok',
    );
    if (failing.length > 0) {
      return fail(
        `Redis cannot write its data to disk (${failing.join(', ')}), and may therefore refuse writes`,
        'Check the disk of Redis, or switch persistence off: the store does not need it.',
      );
    }
    return pass(
      info.get('aof_enabled') === '1'
        ? 'persistence works (the store does not need it)'
        : 'no failure of persistence (the store does not need it)',
    );
  },
};
