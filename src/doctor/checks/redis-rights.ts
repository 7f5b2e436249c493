import { pass, skip, warn, type Check } from '../check.js';
import { connectedRedis, hasRedis, isRemote, redisRefusal } from '../probes/redis.js';

export const redisRightsCheck: Check = {
  name: 'redis-rights',
  group: 'Redis',
  asks: 'whether this user has more rights than the store needs',
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const client = await connectedRedis(context, signal);
    try {
      // A read-only command that only administrators may run: a user who may run it has all rights.
      await client.config('GET', 'maxmemory-policy');
    } catch (error) {
      const { reason } = redisRefusal(error);
      if (reason === 'NOPERM') return pass('this user is no administrator: Redis refuses CONFIG');
      return skip(`Redis does not say (${reason})`);
    }
    if (!isRemote(context)) return pass('all rights, but on this machine only');
    return warn(
      'this user has an administrator’s rights',
      'Give the store a separate user, with the rules of docs/fleet.md (“What Redis holds”).',
    );
  },
};
