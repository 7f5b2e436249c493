import { fail, pass, skip, type Check } from '../check.js';
import { hasRedis, NO_INFO, redisInfo } from '../probes/redis.js';

export const redisRoleCheck: Check = {
  name: 'redis-role',
  group: 'Redis',
  asks: 'whether this is the server that takes writes',
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const info = await redisInfo(context, signal);
    if (info === undefined) return skip(NO_INFO);
    if (info.get('cluster_enabled') === '1') {
      return fail(
        'a node of a cluster, and NUDGE_REDIS_URL names one server only',
        'Give the store a Cluster of ioredis as `client` (docs/fleet.md); the doctor looks at single servers.',
      );
    }
    if (info.get('role') !== 'slave') return pass('the primary');
    return fail(
      'a replica, which takes no writes',
      "Name the primary's address; behind Sentinel, give the store a client of ioredis (docs/fleet.md).",
    );
  },
};
