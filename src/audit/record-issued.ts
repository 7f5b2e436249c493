import type { NudgeTokenService } from '../service/nudge-token.service.js';
import type { AuditTrail, IssuedToken } from './audit-trail.js';

const trails = new WeakMap<NudgeTokenService, AuditTrail>();

/** Stores the audit trail of a registration that has the option `audit`. The module calls it at boot. */
export function registerAuditTrail(tokens: NudgeTokenService, trail: AuditTrail): void {
  trails.set(tokens, trail);
}

/**
 * Adds a record to the audit. The endpoint does this for every token that it hands out. If a controller of yours
 * hands out tokens, it calls this function. Without the option `audit`, the call does nothing. Never throws.
 *
 * @example
 * const token = await this.nudgeTokens.getToken();
 * recordIssued(this.nudgeTokens, { token, user: request.user, request });
 *
 * @see docs/audit.md
 *
 * @publicApi
 */
export function recordIssued(tokens: NudgeTokenService, issued: IssuedToken): void {
  trails.get(tokens)?.issued(issued);
}
