import { SECOND_MS } from '../../common/durations.js';
import { isLoopbackHost } from '../../common/loopback.js';
import { fail, pass, type Check } from '../check.js';
import { NoConnection, openSocket } from '../probes/connect.js';
import { hopName, routeToNudge } from '../probes/route.js';

const CHECK_PROXY = 'Is the proxy running, and is its port right? Check HTTPS_PROXY.';

function hintFor(host: string): string {
  return isLoopbackHost(host)
    ? 'Nudge is not on this machine. If NUDGE_BASE_URL is to name the emulator: is it running (npx nestjs-nudge-auth emulator), and is the port right?'
    : 'Is there a firewall or an egress rule, or is the port wrong? Allow this machine to reach the host, or set HTTPS_PROXY if calls must use a proxy.';
}

export const tcpCheck: Check = {
  name: 'tcp',
  group: 'Way to Nudge',
  asks: 'whether the host accepts connections',
  needs: ['dns'],
  limitMs: 5 * SECOND_MS,
  reachesNudge: true,
  async run(context, signal) {
    const { firstHop, proxy } = await routeToNudge(context, signal);
    const name = proxy === undefined ? hopName(firstHop) : `the proxy ${hopName(firstHop)}`;
    try {
      (await openSocket(firstHop, context.machine.lookup, signal)).destroy();
      return pass(`${name} accepts connections`);
    } catch (error) {
      if (!(error instanceof NoConnection)) throw error;
      const noAnswer = `${name} does not answer within 5 s`;
      return fail(
        error.code === 'ETIMEDOUT' ? noAnswer : `no connection to ${name} (${error.code})`,
        proxy === undefined ? hintFor(firstHop.host) : CHECK_PROXY,
      );
    }
  },
};
