import type { CacheStatus } from '../cache/cache-status.js';
import type { NudgeTokenStatus } from './nudge-token.types.js';

type Standing = Pick<NudgeTokenStatus, 'canServe' | 'canRenew' | 'renewalFailure'>;

/** Whether tokens can be served and renewed, by what is known without a call. */
export function standingOf(
  { summary, nextAttemptInMs, holdsUsable }: CacheStatus,
  enabled: boolean,
): Standing {
  // A pause that another process met has no failure of this one's.
  const heldBackBy = nextAttemptInMs > 0 ? (summary.lastFailure?.code ?? 'NUDGE_RATE_LIMITED') : undefined;
  const renewalFailure = enabled ? (summary.renewalFailure ?? heldBackBy) : 'NUDGE_DISABLED';
  return {
    // By the time of the next attempt only a caller can find out how it stands.
    canServe: enabled && (nextAttemptInMs === 0 || holdsUsable()),
    canRenew: renewalFailure === undefined,
    renewalFailure,
  };
}

/** The same for all tenants that were asked for of late: the registration serves while one of them can be served. */
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
