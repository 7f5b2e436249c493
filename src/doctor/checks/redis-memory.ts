import { fail, pass, skip, warn, type Check } from '../check.js';
import { hasRedis, NO_INFO, redisInfo } from '../probes/redis.js';

const NEARLY_FULL = 0.9;

export const redisMemoryCheck: Check = {
  name: 'redis-memory',
  group: 'Redis',
  asks: 'how much of its memory Redis uses, and what it evicts',
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const info = await redisInfo(context, signal);
    if (info === undefined) return skip(NO_INFO);
    const [used, most] = [Number(info.get('used_memory')), Number(info.get('maxmemory'))];
    const policy = info.get('maxmemory_policy') ?? 'unknown';
    if (most === 0) return pass('no memory limit');
    const shown = `${Math.round((used / most) * 100)} % of maxmemory used, ${policy}`;
    if (policy !== 'noeviction' || used < most * NEARLY_FULL) return pass(shown);
    const hint =
      'Give Redis more memory, or let it evict: the store works with any policy, because it can write its records again.';
    return used >= most ? fail(`${shown}: Redis refuses writes`, hint) : warn(shown, hint);
  },
};
