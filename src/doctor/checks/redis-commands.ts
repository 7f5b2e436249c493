import { fail, pass, warn, type Check } from '../check.js';
import { hasRedis, redisPrefixOf } from '../probes/redis.js';
import { tryCommands } from '../probes/redis-commands.js';

/** The store works without pub/sub. With it, other processes hear earlier of a new token. */
const OPTIONAL = ['PUBLISH', 'SUBSCRIBE'];

const ACL_HINT =
  'Give the user the rules of docs/fleet.md (“What Redis holds”), for names and channels that begin with';

export const redisCommandsCheck: Check = {
  name: 'redis-commands',
  group: 'Redis',
  asks: 'whether this user may run the commands of the store (on one temporary name)',
  needs: ['redis-connection', 'redis-version', 'redis-role', 'redis-memory', 'redis-persistence'],
  isFor: hasRedis,
  async run(context, signal) {
    const { refused } = await tryCommands(context, signal);
    if (refused.length === 0) return pass('this user may run every command of the store');
    const needed = refused.filter(({ command }) => !OPTIONAL.includes(command));
    const shown = (needed.length > 0 ? needed : refused).map(
      ({ command, reason }) => `${command} (${reason})`,
    );
    const hint = `${ACL_HINT} ${redisPrefixOf(context)}.`;
    if (needed.length > 0) return fail(`refused: ${shown.join(', ')}`, hint);
    return warn(`refused: ${shown.join(', ')}: other processes hear of a new token later`, hint);
  },
};
