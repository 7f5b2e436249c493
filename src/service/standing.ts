import type { CacheStatus } from '../cache/cache-status.js';
import type { NudgeTokenStatus } from './nudge-token.types.js';

type Standing = Pick<NudgeTokenStatus, 'canServe' | 'canRenew' | 'renewalFailure'>;

/** Whether the module can serve and renew tokens, judged without a call to Nudge or the store. */
export function standingOf(
  { summary, nextAttemptInMs, holdsUsable }: CacheStatus,
  enabled: boolean,
): Standing {
  // A pause that began in another process left no failure in this one.
  const heldBackBy = nextAttemptInMs > 0 ? (summary.lastFailure?.code ?? 'NUDGE_RATE_LIMITED') : undefined;
  const renewalFailure = enabled ? (summary.renewalFailure ?? heldBackBy) : 'NUDGE_DISABLED';
  return {
    // Once the next attempt is allowed, nothing prevents a fetch: whether Nudge answers again shows only when a caller asks.
    canServe: enabled && (nextAttemptInMs === 0 || holdsUsable()),
    canRenew: renewalFailure === undefined,
    renewalFailure,
  };
}

/** The same for all active tenants together: the registration can serve while it can serve one of them. */
export function standingOfAll(
  tenants: readonly CacheStatus[],
  enabled: boolean,
): Standing & Pick<NudgeTokenStatus, 'tenants'> {
  const standings = tenants.map((tenant) => standingOf(tenant, enabled));
  const cannotServe = standings.filter(({ canServe }) => !canServe).length;
  const renewalFailure = enabled
    ? standings.find((standing) => standing.renewalFailure !== undefined)?.renewalFailure
    : 'NUDGE_DISABLED';
  return {
    canServe: enabled && (standings.length === 0 || cannotServe < standings.length),
    canRenew: renewalFailure === undefined,
    renewalFailure,
    tenants: { active: standings.length, cannotServe },
  };
}
