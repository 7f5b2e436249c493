import type { Redis } from 'ioredis';

export interface SnapshotEntry {
  readonly name: string;
  readonly ttlMs: number;
  /** The bytes of the value, as latin1. */
  readonly value: string;
}

/** One script, so that no name can expire between the list of the names and the values. */
const SNAPSHOT = `
local entries = {}
for _, name in ipairs(redis.call('KEYS', ARGV[1])) do
  entries[#entries + 1] = {name, redis.call('PTTL', name), redis.call('DUMP', name)}
end
return entries`;

/** All names that match the pattern, with their values, as they are at one moment. */
export async function snapshotOf(client: Redis, pattern = '*'): Promise<SnapshotEntry[]> {
  // A compressed value would not show a secret that it holds.
  await client.config('SET', 'rdbcompression', 'no');
  const entries = (await client.callBuffer('EVAL', SNAPSHOT, 0, pattern)) as [Buffer, number, Buffer][];
  return entries.map(([name, ttlMs, value]) => ({
    name: name.toString(),
    ttlMs,
    value: value.toString('latin1'),
  }));
}
