/** The counters on the page. */
export interface Stats {
  /** Calls to Nudge from all processes together. */
  readonly nudgeCalls: number;
  /** The largest number of calls that were under way at once. */
  readonly mostAtOnce: number;
  readonly redis: 'running' | 'stopped' | 'not started here';
  readonly processes: readonly ProcessStats[];
}

export interface ProcessStats {
  readonly pid: number;
  /** Requests answered with a token. */
  readonly served: number;
  readonly storeAvailable: boolean;
}

export const DEEDS = ['stop-redis', 'start-redis', 'kill-process'] as const;
export type Deed = (typeof DEEDS)[number];

/** A message from a process to the one that started it. */
export type WorkerMessage = { readonly report: ProcessStats } | { readonly deed: Deed };

/** A message to all processes, so that each of them gives the page the same counters. */
export interface PrimaryMessage {
  readonly stats: Stats;
}
