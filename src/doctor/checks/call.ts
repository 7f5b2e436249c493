import { NudgeAuthError } from '../../common/errors.js';
import { SECOND_MS } from '../../common/durations.js';
import { parseAnswer, type HttpAnswer } from '../../vendor/token-call.js';
import { fail, pass, type Check, type Finding } from '../check.js';
import { callNudge } from '../probes/vendor-exchange.js';
import { knownStatus } from '../vendor-facts.js';

const REGION =
  "Check the path and the host of NUDGE_BASE_URL: Nudge documents https://main-api.nudgenow.com/api. If your account is not on the documented host, ask Nudge for your region's host.";

const EVERY_CAUSE =
  'Compare the key with the dashboard (Settings, Secret Keys, permission “Backend API”): it may be wrong, withdrawn, ' +
  'or a PUBLIC key. If it is right, ask Nudge to enable short-lived tokens for the account: without them, Nudge gives the same answer.';

const WAIT =
  'Nudge allows 1200 calls a minute for all callers with the same IP address. Wait, then share a store between processes ' +
  'or lower budget.callsPerMinute.';

const TROUBLE =
  "Nudge, or a gateway before it, has a failure: try again in a minute, then look at Nudge's status or ask its support.";

const IN_BETWEEN =
  'A firewall, a proxy or a gateway answers in place of Nudge: make it let this call through with the header apikey.';

/** What the operator can do, by the error that the module would report for this answer. */
function hintFor({ code }: NudgeAuthError, { status, headers }: HttpAnswer): string {
  const isHtml = /html/i.test(headers['content-type'] ?? '');
  if (code === 'NUDGE_CREDENTIALS_REJECTED') return EVERY_CAUSE;
  if (code === 'NUDGE_RATE_LIMITED') return WAIT;
  if (code === 'NUDGE_UNAVAILABLE') return status >= 500 && !isHtml ? TROUBLE : IN_BETWEEN;
  if (status === 400) return 'Check NUDGE_DEFAULT_EXPIRY_MINS (30 to 1440).';
  return isHtml && status === 200 ? `${IN_BETWEEN} ${REGION}` : REGION;
}

function refusal(error: NudgeAuthError, answer: HttpAnswer): Finding {
  const wait =
    error.retryAfterMs === undefined ? '' : `; try again in ${Math.ceil(error.retryAfterMs / SECOND_MS)} s`;
  const unknown = knownStatus(answer.status)
    ? ''
    : ' (Nudge is not known to answer this status: please report it to this package)';
  return fail(`${error.message}${wait}${unknown}`, hintFor(error, answer));
}

export const callCheck: Check = {
  name: 'call',
  group: 'Nudge',
  asks: 'whether Nudge gives a token (one call)',
  needs: ['proxy', 'dns', 'tcp', 'tunnel', 'tls', 'http-client'],
  reachesNudge: true,
  async run(context, signal) {
    const { outcome, receivedAt } = await callNudge(context, signal);
    if (outcome instanceof NudgeAuthError) {
      return fail(
        outcome.message,
        outcome.code === 'NUDGE_TIMEOUT'
          ? 'The connection is open, but no answer comes: the cause may be a proxy that inspects the traffic, or a failure at Nudge. Try from another network.'
          : 'The connection was cut after it was made, or the answer was not HTTP: the cause may be a firewall or a proxy on the way, or a wrong port.',
      );
    }
    try {
      parseAnswer(outcome, receivedAt.wallMs);
      return pass('status 200 with a token');
    } catch (error) {
      if (error instanceof NudgeAuthError) return refusal(error, outcome);
      throw error;
    }
  },
};
