/** What the page shows. */
export interface Stats {
  /** Calls that Nudge got, from all processes together. */
  readonly nudgeCalls: number;
  /** The most of them that were ever under way at once. */
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

/** From a process to the one that started it. */
export type WorkerMessage = { readonly report: ProcessStats } | { readonly deed: Deed };

/** To all processes: whichever the page asks, it gets the same. */
export interface PrimaryMessage {
  readonly stats: Stats;
}
