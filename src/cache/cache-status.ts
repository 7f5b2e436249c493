import { NO_SUMMARY, type StatusSummary } from '../telemetry/status-board.js';
import type { TokenCache } from './token-cache.js';
import type { HeldEntry } from './token-entries.js';

/** The tokens that a cache holds, and the result of its last attempts. */
export interface CacheStatus {
  readonly summary: StatusSummary;
  readonly heldTokens: number;
  readonly tokens: readonly HeldEntry[];
  readonly nextAttemptInMs: number;
  /** Whether a token is held that can still be handed out. */
  readonly holdsUsable: () => boolean;
}

/** @param cache `undefined`: the status of a cache that holds no token and has made no attempt. */
export function statusOf(cache: TokenCache | undefined, summary = NO_SUMMARY): CacheStatus {
  return {
    summary,
    heldTokens: cache?.size ?? 0,
    tokens: cache?.heldTokens() ?? [],
    nextAttemptInMs: Math.ceil(cache?.nextAttemptInMs() ?? 0),
    holdsUsable: () => cache?.holdsUsable() ?? false,
  };
}
