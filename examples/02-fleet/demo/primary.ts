import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { randomBytes } from 'node:crypto';
import { Fleet, PROCESSES } from './fleet.js';
import { RedisProcess } from './redis-process.js';

const LOOK_FOR_NPM_EVERY_MS = 500;
/** Only the emulator accepts this key. */
const API_KEY = 'fake-private-key-for-the-fleet';

/** Demo only: starts the emulator, Redis and the processes of the app. */
export async function runPrimary(): Promise<void> {
  const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  const redis = process.env['REDIS_URL'] === undefined ? await startRedis(nudge) : undefined;
  const fleet = new Fleet(nudge, redis);
  // Your deployment would set these variables. Here the addresses are known only now.
  Object.assign(process.env, {
    NUDGE_API_KEY: API_KEY,
    NUDGE_BASE_URL: nudge.url,
    REDIS_URL: redis?.url ?? process.env['REDIS_URL'],
    APP_JWT_SECRET: randomBytes(32).toString('base64url'),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void fleet.stop());
  endWithNpm();
  const url = await fleet.start();
  if (url !== undefined) console.log(banner(url, nudge, redis));
}

async function startRedis(nudge: NudgeEmulator): Promise<RedisProcess> {
  try {
    return await RedisProcess.start();
  } catch (error) {
    await nudge.stop();
    throw error;
  }
}

/**
 * A signal that is sent only to npm ends npm's shell but not this process, so this checks whether the shell still runs.
 */
function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_FOR_NPM_EVERY_MS);
  timer.unref();
}

function banner(url: string, nudge: NudgeEmulator, redis: RedisProcess | undefined): string {
  return `
  nestjs-nudge-auth, a fleet of ${PROCESSES} processes

  Page       ${url}
  Endpoint   ${url}/nudge/token
  Emulator   ${nudge.url}   admin: ${nudge.adminUrl}
  Redis      ${redis?.url ?? 'the one of REDIS_URL'}

  Ctrl-C ends the example.
`;
}
