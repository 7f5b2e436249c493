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
        'NUDGE_REDIS_URL is not a redis:// or rediss:// URL',
        'Give it as redis://host:6379. A user name and a password in it must be percent-encoded.',
      );
    }
    const where = `${url.protocol}//${url.host}`;
    if (url.protocol === 'redis:' && isRemote(context)) {
      return warn(
        `${where} uses no TLS: a machine in between can read the password, and answer in place of Redis`,
        'Use rediss:// if Redis is on another machine (docs/security.md).',
      );
    }
    return pass(where);
  },
};
