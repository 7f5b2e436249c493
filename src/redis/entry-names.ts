import type { StoreKey } from './keyring.js';

/** Part of every name: processes that write otherwise neither read nor overwrite what these do. */
export const SCHEMA = 'v1';

/** What an entry is called in Redis, under one key. */
export interface EntryNames {
  /** The record. */
  readonly token: string;
  readonly lease: string;
  /** The fences given and the least that is still accepted. */
  readonly order: string;
  readonly channel: string;
  /** What is said in the channel when the entry has changed. */
  readonly announced: string;
}

/** What a registration's generations are called in Redis, under one key. */
export interface GenerationNames {
  /** All of them, in a slot of their own. */
  readonly all: string;
  readonly channel: string;
  /** What is said in the channel when one has begun. */
  readonly announced: string;
}

export function generationNamesOf(prefix: string, clientPrefix: string, { id }: StoreKey): GenerationNames {
  const channel = channelOf(clientPrefix + prefix);
  return { all: `${prefix}${SCHEMA}:${id}:generations`, channel, announced: `${id}:generations` };
}

export function channelOf(prefix: string): string {
  return `${prefix}${SCHEMA}:changes`;
}

/** The names share a hash tag, so that a cluster keeps them together and one script can use them all. */
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
