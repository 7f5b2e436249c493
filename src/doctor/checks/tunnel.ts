import { SECOND_MS } from '../../common/durations.js';
import { fail, pass, skip, type Check, type Finding } from '../check.js';
import { NoConnection } from '../probes/connect.js';
import { hopName, hopTo, routeToNudge } from '../probes/route.js';
import { connectToNudge, RefusedTunnel } from '../probes/tunnel.js';

function refusal(status: number, nudge: string): Finding {
  const detail = `the proxy answers ${status} to CONNECT ${nudge}`;
  if (status === 407) {
    return fail(
      detail,
      'The proxy needs a user name and a password: HTTPS_PROXY=http://user:password@host:port.',
    );
  }
  if (status === 403 || status === 405) {
    return fail(detail, `Make the proxy allow CONNECT to ${nudge}.`);
  }
  return fail(
    detail,
    `The proxy cannot reach ${nudge}: check NUDGE_BASE_URL, and the DNS and the firewall of the proxy.`,
  );
}

export const tunnelCheck: Check = {
  name: 'tunnel',
  group: 'Way to Nudge',
  asks: 'whether the proxy connects to Nudge',
  needs: ['tcp'],
  limitMs: 5 * SECOND_MS,
  reachesNudge: true,
  async run(context, signal) {
    const route = await routeToNudge(context, signal);
    const nudge = hopName(hopTo(route.nudge));
    if (route.proxy === undefined) return skip('no proxy in between');
    if (route.nudge.protocol === 'http:') return skip('plain http needs no tunnel');
    try {
      (await connectToNudge(route, context, signal)).destroy();
      return pass(`the proxy connects to ${nudge}`);
    } catch (error) {
      if (error instanceof RefusedTunnel) return refusal(error.status, nudge);
      if (!(error instanceof NoConnection)) throw error;
      return fail(
        `the proxy gives no answer to CONNECT ${nudge} (${error.code})`,
        'Is it a proxy for https, and is its port right? Check HTTPS_PROXY.',
      );
    }
  },
};
