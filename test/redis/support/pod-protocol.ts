/** What a pod is told when it starts. */
export interface PodConfig {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** One server, or the nodes of a cluster. */
  readonly redis: { readonly url: string } | { readonly nodes: readonly { host: string; port: number }[] };
  readonly encryptionKeys?: readonly string[];
  /** What one command may take; default: what the machine of the tests needs, whatever else it does. */
  readonly timeoutMs?: number;
  readonly rotateAfterMs: number;
  /** Callers who ask in the moment in which the module is there. */
  readonly callersAtOnce?: number;
  /** Nothing that it sends to Nudge arrives. */
  readonly cannotReachNudge?: boolean;
  readonly scope?: 'client' | 'user';
}

export type PodCommand =
  | { readonly do: 'go'; readonly config: PodConfig }
  | { readonly do: 'ask'; readonly callers: number; readonly forceRefresh?: boolean }
  | { readonly do: 'load'; readonly everyMs: number; readonly callers: number }
  /** Ends the load, or begins to count anew. */
  | { readonly do: 'tally' }
  | { readonly do: 'status' }
  | { readonly do: 'token' }
  | { readonly do: 'close' };

/** What became of callers. */
export interface Tally {
  served: number;
  /** By code. */
  failures: Record<string, number>;
  slowestMs: number;
  /** Fingerprints of the tokens handed out, in order of their first appearance. */
  tokens: string[];
}

export type PodReport =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'log'; readonly line: string }
  /** A request to Nudge leaves. */
  | { readonly type: 'calling' };
