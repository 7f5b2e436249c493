import type { StoreKey } from './keyring.js';

/** The version of the format, a part of every name: processes with another version use other names. */
export const SCHEMA = 'v1';

/** The names of an entry in Redis under one key. */
export interface EntryNames {
  /** The record. */
  readonly token: string;
  readonly lease: string;
  /** Holds two numbers: the last fence that was given to a leader, and the fence that the next write must exceed. */
  readonly order: string;
  readonly channel: string;
  /** The message in the channel when the entry has changed. */
  readonly announced: string;
}

/** The names of the generations in Redis under one key. */
export interface GenerationNames {
  /** The sorted set with all generations. In a cluster it is in a different slot from the entries. */
  readonly all: string;
  readonly channel: string;
  /** The message in the channel when a generation has begun. */
  readonly announced: string;
}

export function generationNamesOf(prefix: string, clientPrefix: string, { id }: StoreKey): GenerationNames {
  const channel = channelOf(clientPrefix + prefix);
  return { all: `${prefix}${SCHEMA}:${id}:generations`, channel, announced: `${id}:generations` };
}

export function channelOf(prefix: string): string {
  return `${prefix}${SCHEMA}:changes`;
}

/** All names of an entry share a hash tag: a cluster keeps them in one slot, so that one script can use them all. */
export function namesOf(prefix: string, clientPrefix: string, key: StoreKey, entry: string): EntryNames {
  const tag = key.nameOf(entry);
  const common = `${prefix}${SCHEMA}:${key.id}:{${tag}}`;
  return {
    token: `${common}:token`,
    lease: `${common}:lease`,
    order: `${common}:order`,
    channel: channelOf(clientPrefix + prefix),
    announced: `${key.id}:${tag}`,
  };
}
