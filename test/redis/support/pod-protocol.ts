/** The settings with which a pod starts. */
export interface PodConfig {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** One server, or the nodes of a cluster. */
  readonly redis: { readonly url: string } | { readonly nodes: readonly { host: string; port: number }[] };
  readonly encryptionKeys?: readonly string[];
  /** Milliseconds that one Redis command may take. The default is long enough for a busy test machine. */
  readonly timeoutMs?: number;
  readonly rotateAfterMs: number;
  /** The number of callers that ask as soon as the module has started. */
  readonly callersAtOnce?: number;
  /** `true` makes every request to Nudge fail to connect. */
  readonly cannotReachNudge?: boolean;
  readonly scope?: 'client' | 'user';
}

export type PodCommand =
  | { readonly do: 'go'; readonly config: PodConfig }
  | { readonly do: 'ask'; readonly callers: number; readonly forceRefresh?: boolean }
  | { readonly do: 'load'; readonly everyMs: number; readonly callers: number }
  /** Returns the counts so far and begins to count anew. */
  | { readonly do: 'tally' }
  | { readonly do: 'status' }
  | { readonly do: 'token' }
  | { readonly do: 'close' };

/** The results of callers. */
export interface Tally {
  served: number;
  /** The number of failures by code. */
  failures: Record<string, number>;
  slowestMs: number;
  /** Fingerprints of the tokens handed out, in order of their first appearance. */
  tokens: string[];
}

export type PodReport =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'log'; readonly line: string }
  /** The pod sends a request to Nudge. */
  | { readonly type: 'calling' };
