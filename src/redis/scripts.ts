import { createHash } from 'node:crypto';
import { HOUR_MS } from '../common/durations.js';
import { LONGEST_SEALED_CHARS } from './keyring.js';

/** A Lua script that Redis runs as one step. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** After Redis' clock was set back, fences are ahead of it. A fence further ahead than this is not ours. */
export const FURTHEST_AHEAD_MS = 24 * HOUR_MS;
/** All owners, fences and moments are shorter than this. */
export const LONGEST_TEXT_CHARS = 64;

/**
 * The first argument of every script is a deadline by Redis' clock. After it the script does nothing: Redis may still run a
 * command that has timed out in the process, long after the process gave it up. Answers begin with `ok` or `late` and
 * Redis' time in microseconds.
 *
 * Other clients can write to Redis, and its clock may be set back. So `moment` reads microseconds, and returns 0 for a value
 * that is not a number or too far ahead. `keep` deletes a name that holds a value of another type. `field` and `value`
 * ignore a value that is too long to be ours, so that it never reaches a process.
 */
const PROLOGUE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function text(number) return string.format('%.0f', number) end
if now > tonumber(ARGV[1]) then return { 'late', text(now) } end
local function announce(channel, message) redis.pcall('PUBLISH', channel, message) end
local function moment(value, aheadMs)
  local us = tonumber(value)
  if us and us >= 0 and us <= now + (aheadMs or ${FURTHEST_AHEAD_MS}) * 1000 then return us end
  return 0
end
local function keep(name, kind)
  local found = redis.call('TYPE', name).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', name) end
end
local function field(name, key, longest)
  if redis.call('HSTRLEN', name, key) > (longest or ${LONGEST_TEXT_CHARS}) then return false end
  return redis.call('HGET', name, key)
end
local function value(name)
  if redis.call('STRLEN', name) > ${LONGEST_TEXT_CHARS} then return false end
  return redis.call('GET', name)
end
`;

export function script(body: string): Script {
  const lua = `${PROLOGUE}${body}`;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Reads a record. KEYS: token. → fence and sealed record, or nothing. */
export const READ = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return { 'ok', text(now) } end
local fence = moment(field(KEYS[1], 'fence'))
local sealed = field(KEYS[1], 'sealed', ${LONGEST_SEALED_CHARS})
if fence == 0 or not sealed then return { 'ok', text(now) } end
return { 'ok', text(now), text(fence), sealed }
`);

/**
 * Takes the lease of an entry. An owner that asks again gets the same fence, so that the script can be repeated after a
 * timeout. The script ignores a stored lease without expiry, or with a later one than a lease can have, because it would
 * keep every process out. It also ignores a lease of an older generation. The name of an owner ends with its generation.
 *
 * KEYS: lease, order, token. ARGV: owner, milliseconds of the lease and of the order, generation. → a fence higher than all
 * known ones, and the fence of the stored record; or nothing while another owner has the lease.
 */
export const ACQUIRE = script(`
keep(KEYS[1], 'string')
keep(KEYS[2], 'hash')
keep(KEYS[3], 'hash')
local stored = moment(field(KEYS[3], 'fence'))
local held = value(KEYS[1])
local restMs = redis.call('PTTL', KEYS[1])
if held and restMs >= 0 and restMs <= tonumber(ARGV[3]) then
  local owner, fence = string.match(held, '^(.-) (%d+)$')
  if owner == ARGV[2] then return { 'ok', text(now), fence, text(stored) } end
  if moment(string.match(held, '%.(%d+) ')) >= tonumber(ARGV[5]) then return { 'ok', text(now) } end
end
local given, least = moment(field(KEYS[2], 'given')), moment(field(KEYS[2], 'least'))
local fence = math.max(now, given + 1, least + 1, stored + 1)
redis.call('HSET', KEYS[2], 'given', text(fence))
redis.call('PEXPIRE', KEYS[2], ARGV[4] * 2)
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. text(fence), 'PX', ARGV[3])
return { 'ok', text(now), text(fence), text(stored) }
`);

/** Extends a lease. KEYS: lease. ARGV: its value, milliseconds. → 1 if this owner still holds it, else 0. */
export const RENEW = script(`
keep(KEYS[1], 'string')
if value(KEYS[1]) ~= ARGV[2] then return { 'ok', text(now), 0 } end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { 'ok', text(now), 1 }
`);

/** Releases a lease. KEYS: lease. ARGV: its value, channel, message. */
export const RELEASE = script(`
keep(KEYS[1], 'string')
if value(KEYS[1]) ~= ARGV[2] then return { 'ok', text(now) } end
redis.call('DEL', KEYS[1])
announce(ARGV[3], ARGV[4])
return { 'ok', text(now) }
`);

/**
 * Writes a record, and gives the lease back if the holder needs it no more. A fence that is older than the time for which the
 * order is kept is always too late.
 *
 * KEYS: token, order, lease. ARGV: fence, sealed record, milliseconds of the record and of the order, channel, message, and
 * the lease's value if it is given back (otherwise nothing). → 1 if the record is written, else 0.
 */
export const WRITE = script(`
local fence = tonumber(ARGV[2])
keep(KEYS[1], 'hash')
keep(KEYS[2], 'hash')
keep(KEYS[3], 'string')
local isReleased = value(KEYS[3]) == ARGV[8]
if isReleased then redis.call('DEL', KEYS[3]) end
local function answer(isWritten)
  if isReleased or isWritten == 1 then announce(ARGV[6], ARGV[7]) end
  return { 'ok', text(now), isWritten }
end
local stored = moment(field(KEYS[1], 'fence'))
local least = moment(field(KEYS[2], 'least'))
if stored == fence then return answer(1) end
if fence <= stored or fence <= least or now - fence > ARGV[5] * 1000 then return answer(0) end
redis.call('HSET', KEYS[2], 'least', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[5] * 2)
redis.call('DEL', KEYS[1])
if tonumber(ARGV[4]) > 0 then
  redis.call('HSET', KEYS[1], 'fence', ARGV[2], 'sealed', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return answer(1)
`);

/** Deletes an entry. KEYS: token, order, lease. ARGV: milliseconds of the order, channel, message. */
export const INVALIDATE = script(`
keep(KEYS[2], 'hash')
local fence = text(math.max(now, moment(field(KEYS[2], 'given')) + 1))
redis.call('HSET', KEYS[2], 'given', fence, 'least', fence)
redis.call('PEXPIRE', KEYS[2], ARGV[2] * 2)
redis.call('DEL', KEYS[1], KEYS[3])
announce(ARGV[3], ARGV[4])
return { 'ok', text(now) }
`);

/**
 * Takes one call from every budget, if there is no pause and each budget has a call left. After the end of a pause one process
 * takes a call as the probe, and the others wait for its outcome. A caller that repeats the script after a timeout gets its
 * probe again. A stored slice without expiry, or with a later one than a slice can have, counts as empty.
 *
 * KEYS: pause, budgets. ARGV: milliseconds that a probe may take, milliseconds after which the other processes ask again,
 * milliseconds of the longest pause, the caller; then for each budget: calls of a slice, its milliseconds. → milliseconds to
 * wait for the pause, milliseconds to wait for a budget, and 1 for the caller that probes. If both waits are 0, the call was
 * taken.
 */
export const TAKE = script(`
keep(KEYS[1], 'hash')
local ends = moment(field(KEYS[1], 'until'), ARGV[4])
if ends == 0 then
  redis.call('DEL', KEYS[1])
elseif ends > now then
  return { 'ok', text(now), math.ceil((ends - now) / 1000), 0, 0 }
elseif moment(field(KEYS[1], 'probe'), ARGV[2]) > now then
  if field(KEYS[1], 'prober') == ARGV[5] then return { 'ok', text(now), 0, 0, 1 } end
  return { 'ok', text(now), ARGV[3], 0, 0 }
end
local waitMs = 0
local slices = {}
for index = 2, #KEYS do
  keep(KEYS[index], 'string')
  local calls, sliceMs = tonumber(ARGV[index * 2 + 2]), tonumber(ARGV[index * 2 + 3])
  local used = tonumber(value(KEYS[index]))
  local restMs = redis.call('PTTL', KEYS[index])
  if not used or restMs < 0 or restMs > sliceMs then used, restMs = 0, sliceMs end
  restMs = math.max(1, restMs)
  if used >= calls then waitMs = math.max(waitMs, restMs) end
  slices[index] = { used = used, restMs = restMs }
end
if waitMs > 0 then return { 'ok', text(now), 0, waitMs, 0 } end
for index = 2, #KEYS do
  redis.call('SET', KEYS[index], text(slices[index].used + 1), 'PX', text(slices[index].restMs))
end
if ends == 0 then return { 'ok', text(now), 0, 0, 0 } end
redis.call('HSET', KEYS[1], 'probe', text(now + ARGV[2] * 1000), 'prober', ARGV[5])
return { 'ok', text(now), 0, 0, 1 }
`);

/** Begins a pause. KEYS: pause. ARGV: its milliseconds, for how many more Redis keeps it, and those of the longest pause. */
export const BEGIN_PAUSE = script(`
keep(KEYS[1], 'hash')
local ends = now + ARGV[2] * 1000
if not field(KEYS[1], 'probe') and moment(field(KEYS[1], 'until'), ARGV[4]) > ends then return { 'ok', text(now) } end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'until', text(ends))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return { 'ok', text(now) }
`);

/** Ends a pause. KEYS: pause. */
export const END_PAUSE = script(`
redis.call('DEL', KEYS[1])
return { 'ok', text(now) }
`);

/**
 * Gives back a probe, so that another process may probe at once. It does nothing if another process has the probe by now.
 *
 * KEYS: pause. ARGV: the caller that got the probe.
 */
export const GIVE_BACK_PROBE = script(`
keep(KEYS[1], 'hash')
if field(KEYS[1], 'prober') == ARGV[2] then redis.call('HSET', KEYS[1], 'probe', '0') end
return { 'ok', text(now) }
`);
