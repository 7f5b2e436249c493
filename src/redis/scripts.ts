import { createHash } from 'node:crypto';

/** A Lua script that Redis runs as one step. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/**
 * Every script gets a deadline by Redis' own clock first, and does nothing after it: a command that timed out here may
 * still be run there, when nobody reckons with it any more. Answers begin with `ok` or `late` and Redis' time in
 * microseconds.
 */
const PROLOGUE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function text(number) return string.format('%.0f', number) end
if now > tonumber(ARGV[1]) then return { 'late', text(now) } end
local function announce(channel, message) redis.pcall('PUBLISH', channel, message) end
`;

function script(body: string): Script {
  const lua = `${PROLOGUE}${body}`;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** KEYS: token. → fence, microseconds when it was written, sealed record; or nothing. */
export const READ = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return { 'ok', text(now) } end
local record = redis.call('HMGET', KEYS[1], 'fence', 'at', 'sealed')
if not record[1] or not record[2] or not record[3] then return { 'ok', text(now) } end
return { 'ok', text(now), record[1], record[2], record[3] }
`);

/**
 * KEYS: lease, order. ARGV: owner, milliseconds of the lease and of the order. → the fence; or nothing while somebody
 * else has the lease. Asked again by the same owner it gives the same fence, so that it can be repeated after a timeout.
 */
export const ACQUIRE = script(`
local held = redis.call('GET', KEYS[1])
if held then
  local owner, fence = string.match(held, '^(.-) (%d+)$')
  if owner ~= ARGV[2] then return { 'ok', text(now) } end
  return { 'ok', text(now), fence }
end
local given = tonumber(redis.call('HGET', KEYS[2], 'given') or '0')
local fence = math.max(now, given + 1)
redis.call('HSET', KEYS[2], 'given', text(fence))
redis.call('PEXPIRE', KEYS[2], ARGV[4] * 2)
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. text(fence), 'PX', ARGV[3])
return { 'ok', text(now), text(fence) }
`);

/** KEYS: lease. ARGV: its value, milliseconds. → 1 while it is held, else 0. */
export const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[2] then return { 'ok', text(now), 0 } end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { 'ok', text(now), 1 }
`);

/** KEYS: lease. ARGV: its value, channel, message. */
export const RELEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[2] then return { 'ok', text(now) } end
redis.call('DEL', KEYS[1])
announce(ARGV[3], ARGV[4])
return { 'ok', text(now) }
`);

/**
 * KEYS: token, order. ARGV: fence, sealed record, milliseconds of the record and of the order, channel, message.
 * → 1 when it is written, else 0. A fence older than the order is remembered comes too late whatever is stored.
 */
export const WRITE = script(`
local fence = tonumber(ARGV[2])
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local stored = tonumber(redis.call('HGET', KEYS[1], 'fence') or '0')
local least = tonumber(redis.call('HGET', KEYS[2], 'least') or '0')
if stored == fence then return { 'ok', text(now), 1 } end
if fence <= stored or fence <= least or now - fence > ARGV[5] * 1000 then return { 'ok', text(now), 0 } end
redis.call('HSET', KEYS[2], 'least', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[5] * 2)
redis.call('DEL', KEYS[1])
if tonumber(ARGV[4]) > 0 then
  redis.call('HSET', KEYS[1], 'fence', ARGV[2], 'at', text(now), 'sealed', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
announce(ARGV[6], ARGV[7])
return { 'ok', text(now), 1 }
`);

/** KEYS: token, order, lease. ARGV: milliseconds of the order, channel, message. */
export const INVALIDATE = script(`
local given = tonumber(redis.call('HGET', KEYS[2], 'given') or '0')
local fence = text(math.max(now, given + 1))
redis.call('HSET', KEYS[2], 'given', fence, 'least', fence)
redis.call('PEXPIRE', KEYS[2], ARGV[2] * 2)
redis.call('DEL', KEYS[1], KEYS[3])
announce(ARGV[3], ARGV[4])
return { 'ok', text(now) }
`);

/**
 * KEYS: pause. ARGV: milliseconds that a probe may take, milliseconds between two questions of the others.
 * → milliseconds to wait, and 1 for the one that may probe.
 */
export const PAUSE_STATE = script(`
local pause = redis.call('HMGET', KEYS[1], 'until', 'probe')
if not pause[1] then return { 'ok', text(now), '0', 0 } end
local restMs = math.ceil((tonumber(pause[1]) - now) / 1000)
if restMs > 0 then return { 'ok', text(now), text(restMs), 0 } end
if pause[2] and tonumber(pause[2]) > now then return { 'ok', text(now), ARGV[3], 0 } end
redis.call('HSET', KEYS[1], 'probe', text(now + ARGV[2] * 1000))
return { 'ok', text(now), '0', 1 }
`);

/** KEYS: pause. ARGV: milliseconds of the pause, milliseconds that it is remembered beyond. */
export const BEGIN_PAUSE = script(`
local before = redis.call('HMGET', KEYS[1], 'until', 'probe')
local ends = now + ARGV[2] * 1000
if before[1] and not before[2] and tonumber(before[1]) > ends then return { 'ok', text(now) } end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'until', text(ends))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return { 'ok', text(now) }
`);

/** KEYS: pause. */
export const END_PAUSE = script(`
redis.call('DEL', KEYS[1])
return { 'ok', text(now) }
`);
