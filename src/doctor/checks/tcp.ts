import { SECOND_MS } from '../../common/durations.js';
import { fail, pass, type Check } from '../check.js';
import { NoConnection, openSocket } from '../probes/connect.js';
import { hopName, routeToNudge } from '../probes/route.js';

export const tcpCheck: Check = {
  name: 'tcp',
  group: 'Way to Nudge',
  asks: 'whether the host takes connections',
  needs: ['dns'],
  limitMs: 5 * SECOND_MS,
  reachesNudge: true,
  async run(context, signal) {
    const { firstHop, proxy } = await routeToNudge(context, signal);
    const name = proxy === undefined ? hopName(firstHop) : `the proxy ${hopName(firstHop)}`;
    try {
      (await openSocket(firstHop, context.machine.lookup, signal)).destroy();
      return pass(`${name} takes connections`);
    } catch (error) {
      if (!(error instanceof NoConnection)) throw error;
      const silent = `${name} does not answer within 5 s`;
      return fail(
        error.code === 'ETIMEDOUT' ? silent : `no connection to ${name} (${error.code})`,
        proxy === undefined
          ? 'A firewall, an egress rule or a wrong port? Allow this machine to reach it, or set HTTPS_PROXY where a proxy is the way out.'
          : 'Is the proxy running, and is its port right? Mend HTTPS_PROXY.',
      );
    }
  },
};
