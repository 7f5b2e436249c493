import { randomBytes } from 'node:crypto';
import type { DoctorContext } from '../context.js';
import { connectedRedis, redisPrefixOf, redisRefusal } from './redis.js';

/** Tries each command of the store's scripts on one temporary name. The last command removes the name. */
const TRY_COMMANDS = `
local refused = {}
local function try(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then
    refused[#refused + 1] = select(1, ...) .. ' ' .. answer.err
  end
end
local name = KEYS[1]
try('TIME')
try('TYPE', name)
try('SET', name, 'doctor', 'PX', '10000')
try('GET', name)
try('STRLEN', name)
try('PTTL', name)
try('PEXPIRE', name, '10000')
try('DEL', name)
try('HSET', name, 'field', 'doctor')
try('HGET', name, 'field')
try('HSTRLEN', name, 'field')
try('PEXPIRE', name, '10000')
try('PUBLISH', ARGV[1], '')
try('DEL', name)
return refused
`;

/** The SHA-1 of no script: Redis answers NOSCRIPT if the user may run EVALSHA. */
const NO_SCRIPT = '0'.repeat(40);

export interface CommandTrial {
  /** The commands of the store that Redis refuses, each with the first word of the reason. */
  readonly refused: readonly { readonly command: string; readonly reason: string }[];
}

function asRefusal(line: string): { command: string; reason: string } {
  const [command = '', ...words] = line.split(' ');
  const text = words.join(' ');
  const isAccess = /NOPERM|can't run this command|can't access|no permissions/i.test(text);
  return { command, reason: isAccess ? 'NOPERM' : (/\b(OOM|MISCONF|READONLY)\b/.exec(text)?.[1] ?? 'ERR') };
}

/** Tries each command of the store on a temporary name, which it removes. */
export async function tryCommands(context: DoctorContext, signal: AbortSignal): Promise<CommandTrial> {
  const client = await connectedRedis(context, signal);
  const prefix = redisPrefixOf(context);
  const name = `${prefix}doctor:${randomBytes(8).toString('hex')}`;
  const channel = `${prefix}doctor:changes`;
  const refused: { command: string; reason: string }[] = [];
  const attempt = async (command: string, send: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await send();
    } catch (error) {
      const { reason } = redisRefusal(error);
      if (reason !== 'NOSCRIPT') refused.push({ command, reason });
      return undefined;
    }
  };
  await attempt('EVALSHA', () => client.evalsha(NO_SCRIPT, 0));
  const answer = await attempt('EVAL', () => client.eval(TRY_COMMANDS, 1, name, channel));
  if (Array.isArray(answer)) refused.push(...answer.map((line) => asRefusal(String(line))));
  await attempt('SUBSCRIBE', () => client.subscribe(channel));
  return {
    refused: refused.filter(
      ({ command }, index) => refused.findIndex((one) => one.command === command) === index,
    ),
  };
}
