import { elapsedMs } from '../../common/clock.js';
import { DEFAULT_COMMAND_TIMEOUT_MS } from '../../redis/redis-token-store.options.js';
import { fail, pass, warn, type Check } from '../check.js';
import { connectedRedis, hasRedis } from '../probes/redis.js';

const ROUNDS = 5;
const NOTABLE_SHARE = 1 / 4;

export const redisLatencyCheck: Check = {
  name: 'redis-latency',
  group: 'Redis',
  asks: 'how long Redis takes to answer',
  needs: ['redis-connection'],
  limitMs: 5_000,
  isFor: hasRedis,
  async run(context, signal) {
    const { clock } = context.machine;
    const client = await connectedRedis(context, signal);
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const sentAt = clock.now();
      await client.ping();
      took.push(elapsedMs(sentAt, clock.now()));
    }
    const medianMs = took.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
    const shown = `${medianMs.toFixed(1)} ms for a command, of the ${DEFAULT_COMMAND_TIMEOUT_MS} ms of timeoutMs`;
    const hint =
      'Is Redis in another region, or busy? Move it closer, or raise timeoutMs of RedisTokenStore.';
    if (medianMs >= DEFAULT_COMMAND_TIMEOUT_MS) return fail(`${shown}: the store would give up`, hint);
    return medianMs > DEFAULT_COMMAND_TIMEOUT_MS * NOTABLE_SHARE ? warn(shown, hint) : pass(shown);
  },
};
