import type { NudgeTokenService } from '../service/nudge-token.service.js';
import type { AuditTrail, IssuedToken } from './audit-trail.js';

const trails = new WeakMap<NudgeTokenService, AuditTrail>();

/** To be called at boot, where a registration has the option `audit`. */
export function noteTrail(tokens: NudgeTokenService, trail: AuditTrail): void {
  trails.set(tokens, trail);
}

/**
 * Adds a record to the audit, as the endpoint does for every token that it hands out: for controllers of your own. Does
 * nothing where the registration has no option `audit`. Never throws.
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
