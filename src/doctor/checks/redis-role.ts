import { fail, pass, skip, type Check } from '../check.js';
import { hasRedis, NO_INFO, redisInfo } from '../probes/redis.js';

export const redisRoleCheck: Check = {
  name: 'redis-role',
  group: 'Redis',
  asks: 'whether this server accepts writes',
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const info = await redisInfo(context, signal);
    if (info === undefined) return skip(NO_INFO);
    if (info.get('cluster_enabled') === '1') {
      return fail(
        'this server is a node of a cluster, but NUDGE_REDIS_URL can only name a single server',
        'Give the store a Cluster of ioredis as `client` (docs/fleet.md). The doctor checks single servers only.',
      );
    }
    if (info.get('role') !== 'slave') return pass('this server is the primary');
    return fail(
      'this server is a replica, which accepts no writes',
      "Give the primary's address. With Sentinel, give the store a client of ioredis (docs/fleet.md).",
    );
  },
};
