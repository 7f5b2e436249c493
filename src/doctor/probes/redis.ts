import { isLoopbackHost } from '../../common/loopback.js';
import { failureReasonOf } from '../../common/error-kind.js';
import type { DoctorContext, RedisClientModule } from '../context.js';
import { once } from './once.js';

type RedisClient = ReturnType<RedisClientModule['clientFor']>;

/** The value of `NUDGE_REDIS_URL`. */
export function redisUrlOf({ request }: DoctorContext): string {
  return request.environment['NUDGE_REDIS_URL'] ?? '';
}

export const hasRedis = (context: DoctorContext): boolean => redisUrlOf(context) !== '';

export function isRemote(context: DoctorContext): boolean {
  return !isLoopbackHost(new URL(redisUrlOf(context)).hostname);
}

/** The prefix of all names of the store. */
export function redisPrefixOf({ request }: DoctorContext): string {
  const prefix = request.environment['NUDGE_REDIS_KEY_PREFIX'] ?? '';
  return prefix === '' ? 'nudge-auth:' : prefix;
}

/** Redis refused, or could not be reached. `reason` is one word. */
export class RedisRefusal extends Error {
  override readonly name = 'RedisRefusal';

  constructor(readonly reason: string) {
    super(`Redis refused (${reason})`);
  }
}

export function redisRefusal(error: unknown): RedisRefusal {
  if (error instanceof RedisRefusal) return error;
  return new RedisRefusal(failureReasonOf(error) ?? 'no further reason given');
}

/** @throws {RedisRefusal} */
export const connectedRedis = once(async (context, signal): Promise<RedisClient> => {
  const { clientFor } = await context.machine.loadRedisClient();
  const client = clientFor(redisUrlOf(context));
  context.atEnd.push(() => client.disconnect());
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new RedisRefusal('timeout')));
    // The first error has the reason. The error with which ioredis gives up later has not.
    client.on('error', (error) => reject(redisRefusal(error)));
    client.once('end', () => reject(new RedisRefusal('the connection ended')));
    client.connect().then(
      () => resolve(client),
      // The listener of `error` has already rejected with the reason.
      () => undefined,
    );
  });
});

/** The fields of `INFO` by name; `undefined` if the user may not run `INFO`. */
export const redisInfo = once(async (context, signal): Promise<ReadonlyMap<string, string> | undefined> => {
  const client = await connectedRedis(context, signal);
  try {
    const lines = (await client.info()).split('\r\n').map((line) => line.split(/:(.*)/));
    return new Map(lines.map(([name = '', value = '']) => [name, value]));
  } catch (error) {
    const { reason } = redisRefusal(error);
    if (reason === 'NOPERM') return undefined;
    throw new RedisRefusal(reason);
  }
});

export const NO_INFO = 'this user may not run INFO';
