/** The state of the fleet that the page shows. */
export interface Stats {
  /** Whether the crowd is asking. */
  readonly isAsking: boolean;
  /** Requests of the crowd that got a token. */
  readonly served: number;
  /** Requests of the crowd that got none. */
  readonly refused: number;
  /** Calls to Nudge from all processes together. */
  readonly nudgeCalls: number;
  /** The largest number of calls that were under way at once. */
  readonly mostAtOnce: number;
  readonly redis: 'running' | 'stopped' | 'not started here';
  readonly processes: readonly ProcessStats[];
  readonly history: RecentHistory;
}

export interface ProcessStats {
  readonly pid: number;
  /** Requests answered with a token. */
  readonly served: number;
  readonly storeAvailable: boolean;
}

/** The last two minutes, the oldest first. Times are milliseconds of one monotonic clock. */
export interface RecentHistory {
  readonly seconds: readonly SecondOfHistory[];
  readonly marks: readonly Mark[];
}

export interface SecondOfHistory {
  /** When the second ended. */
  readonly atMs: number;
  readonly served: number;
  readonly nudgeCalls: number;
}

/** Something that happened to the fleet. */
export interface Mark {
  readonly atMs: number;
  readonly text: string;
}

export const DEEDS = [
  'start-asking',
  'stop-asking',
  'ask-500-at-once',
  'stop-redis',
  'start-redis',
  'kill-process',
] as const;
export type Deed = (typeof DEEDS)[number];

/** A message from a process to the one that started it. */
export type WorkerMessage = { readonly report: ProcessStats } | { readonly deed: Deed };

/** A message to all processes, so that each of them gives the page the same counters. */
export interface PrimaryMessage {
  readonly stats: Stats;
}
