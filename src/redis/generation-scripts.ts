import { FURTHEST_AHEAD_MS, LONGEST_TEXT_CHARS, script } from './scripts.js';

/**
 * Begins a generation of a member, later than all that are known. Above the limit it deletes the oldest generations, and one
 * generation for all members takes their place.
 *
 * KEYS: generations. ARGV: member, milliseconds for which Redis keeps a generation, the limit of their number, the member
 * that stands for all, channel, message. → the new generation.
 */
export const BEGIN_GENERATION = script(`
keep(KEYS[1], 'zset')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - ARGV[3] * 1000))
redis.call('ZREMRANGEBYSCORE', KEYS[1], text(now + ${FURTHEST_AHEAD_MS} * 1000), '+inf')
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
local generation = text(math.max(now, moment(last[2]) + 1))
redis.call('ZADD', KEYS[1], generation, ARGV[2])
local given = redis.call('ZCARD', KEYS[1]) - ARGV[4]
if given > 0 then
  local newest = redis.call('ZRANGE', KEYS[1], given - 1, given - 1, 'WITHSCORES')
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, given - 1)
  redis.call('ZADD', KEYS[1], newest[2], ARGV[5])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
announce(ARGV[6], ARGV[7])
return { 'ok', text(now), generation }
`);

/**
 * Lists the generations that have begun after a known one.
 *
 * KEYS: generations. ARGV: the known one, the limit of the list. → the last generation of all, then member and generation of
 * each later one, in their order.
 */
export const GENERATIONS = script(`
keep(KEYS[1], 'zset')
local most = text(now + ${FURTHEST_AHEAD_MS} * 1000)
local last = redis.call('ZRANGE', KEYS[1], most, 0, 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES')
local answer = { 'ok', text(now), text(moment(last[2])) }
local found = redis.call('ZRANGE', KEYS[1], '(' .. ARGV[2], most, 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
for index = 1, #found, 2 do
  local isOurs = #found[index] <= ${LONGEST_TEXT_CHARS}
  answer[#answer + 1] = isOurs and found[index] or ''
  answer[#answer + 1] = text(tonumber(found[index + 1]))
end
return answer
`);
