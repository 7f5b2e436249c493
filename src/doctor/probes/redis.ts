import { isLoopbackHost } from '../../common/loopback.js';
import { failureReasonOf } from '../../common/failure-reason.js';
import type { DoctorContext, RedisClientModule } from '../context.js';
import { once } from './once.js';

type RedisClient = ReturnType<RedisClientModule['clientFor']>;

/** Where Redis is, as `NUDGE_REDIS_URL` says. */
export function redisUrlOf({ request }: DoctorContext): string {
  return request.environment['NUDGE_REDIS_URL'] ?? '';
}

export const hasRedis = (context: DoctorContext): boolean => redisUrlOf(context) !== '';

export function isRemote(context: DoctorContext): boolean {
  return !isLoopbackHost(new URL(redisUrlOf(context)).hostname);
}

/** What the store's names begin with. */
export function redisPrefixOf({ request }: DoctorContext): string {
  const prefix = request.environment['NUDGE_REDIS_KEY_PREFIX'] ?? '';
  return prefix === '' ? 'nudge-auth:' : prefix;
}

/** Why Redis, or the way to it, said no: one word. */
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
    // The first word is the reason; what ioredis says when it gives up is not.
    client.on('error', (error) => reject(redisRefusal(error)));
    client.once('end', () => reject(new RedisRefusal('the connection ended')));
    client.connect().then(
      () => resolve(client),
      // The event `error` has the reason.
      () => undefined,
    );
  });
});

/** What `INFO` says, by its names; `undefined` where the user may not ask. */
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

export const NO_INFO = 'this user may not ask INFO';
