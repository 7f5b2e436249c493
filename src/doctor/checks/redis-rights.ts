import { pass, skip, warn, type Check } from '../check.js';
import { connectedRedis, hasRedis, isRemote, redisRefusal } from '../probes/redis.js';

export const redisRightsCheck: Check = {
  name: 'redis-rights',
  group: 'Redis',
  asks: 'whether this user may do more than it needs',
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const client = await connectedRedis(context, signal);
    try {
      // Read-only, and an administrator's: who may ask it may ask anything.
      await client.config('GET', 'maxmemory-policy');
    } catch (error) {
      const { reason } = redisRefusal(error);
      if (reason === 'NOPERM') return pass('no more than it needs: CONFIG is refused');
      return skip(`not to be seen (${reason})`);
    }
    if (!isRemote(context)) return pass('every right, on this machine only');
    return warn(
      'this user has an administrator’s rights',
      'Give the store a user of its own, with the rules of docs/fleet.md (“What Redis holds”).',
    );
  },
};
