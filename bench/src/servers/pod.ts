import 'reflect-metadata';
import { RedisTokenStore } from '#nudge-auth/redis/index';
import { serviceIn } from '../apps.js';

/** One process of a fleet. On a message it starts its application and asks for all tokens at once. */
const { apiKey, baseUrl, redisUrl, callers } = JSON.parse(process.argv[2] ?? '{}') as {
  apiKey: string;
  baseUrl: string;
  redisUrl: string;
  callers: number;
};

async function ask(): Promise<void> {
  const { service } = await serviceIn({ apiKey, baseUrl, store: new RedisTokenStore({ url: redisUrl }) });
  await Promise.all(Array.from({ length: callers }, () => service.getToken()));
  process.send?.('served');
}

process.on('message', () => void ask());
process.send?.('loaded');
