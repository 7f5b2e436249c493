import { SECOND_MS } from '../../common/durations.js';
import { pass, skip, warn, type Check } from '../check.js';
import { duration } from '../plain-words.js';
import { connectedRedis, hasRedis, redisRefusal } from '../probes/redis.js';

const NOTABLE_SKEW_MS = 30 * SECOND_MS;

export const redisClockCheck: Check = {
  name: 'redis-clock',
  group: 'Redis',
  asks: "whether this machine's clock and Redis' agree",
  needs: ['redis-connection'],
  isFor: hasRedis,
  async run(context, signal) {
    const client = await connectedRedis(context, signal);
    try {
      const [seconds] = await client.time();
      const skewMs = seconds * SECOND_MS - context.machine.clock.now().wallMs;
      if (Math.abs(skewMs) <= NOTABLE_SKEW_MS) return pass(`less than ${duration(NOTABLE_SKEW_MS)} apart`);
      const relation = skewMs > 0 ? 'behind' : 'ahead of';
      return warn(
        `this machine's clock is ${duration(Math.abs(skewMs))} ${relation} Redis'`,
        "Check the time synchronisation of both. Tokens stay good, because the store uses Redis' clock.",
      );
    } catch (error) {
      return skip(`Redis does not say (${redisRefusal(error).reason})`);
    }
  },
};
