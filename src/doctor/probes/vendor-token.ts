import { readClaims, type NudgeTokenClaims } from '../../token/claims.js';
import { lifeByVendorTime, type VendorTimedLife } from '../../token/vendor-time.js';
import { parseAnswer } from '../../vendor/token-call.js';
import { once } from './once.js';
import { answerOfNudge } from './vendor-exchange.js';

/** A token with the life that the module would calculate for it. */
export interface VendorToken extends VendorTimedLife {
  readonly token: string;
  readonly claims: NudgeTokenClaims;
}

/** @throws {NudgeAuthError} that says why the token is unusable. */
export const tokenOfNudge = once(async (context, signal): Promise<VendorToken> => {
  const { outcome, sentAt, receivedAt } = await answerOfNudge(context, signal);
  const token = parseAnswer(outcome, receivedAt.wallMs);
  context.redaction.conceal(token);
  const claims = readClaims(token);
  const { date, age } = outcome.headers;
  return { token, claims, ...lifeByVendorTime(claims, { sentAt, receivedAt, date, age }) };
});
