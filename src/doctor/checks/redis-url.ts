import { fail, pass, warn, type Check } from '../check.js';
import { hasRedis, isRemote, redisUrlOf } from '../probes/redis.js';

export const redisUrlCheck: Check = {
  name: 'redis-url',
  group: 'Redis',
  asks: 'what NUDGE_REDIS_URL looks like',
  needs: [],
  isFor: hasRedis,
  run(context) {
    const text = redisUrlOf(context);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
      return fail(
        'NUDGE_REDIS_URL is no redis:// or rediss:// URL',
        'Give it as redis://host:6379, with percent-encoded user name and password where there are any.',
      );
    }
    const where = `${url.protocol}//${url.host}`;
    if (url.protocol === 'redis:' && isRemote(context)) {
      return warn(
        `${where} is plain: a machine in between can read the password, and answer in place of Redis`,
        'Use rediss:// wherever the way to Redis leaves this machine (docs/security.md).',
      );
    }
    return pass(where);
  },
};
