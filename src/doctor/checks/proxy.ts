import { isLoopbackHost } from '../../common/loopback.js';
import { fail, pass, type Check } from '../check.js';
import { hopName, routeToNudge, UnusableProxy } from '../probes/route.js';

const VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name.toLowerCase(),
  name,
]);

export const proxyCheck: Check = {
  name: 'proxy',
  group: 'Way to Nudge',
  asks: 'which proxy of the environment is between this machine and Nudge',
  needs: ['api-key', 'fallback-api-key', 'options'],
  async run(context, signal) {
    const { environment } = context.request;
    const given = VARIABLES.filter((name) => (environment[name] ?? '') !== '');
    const named = given.length === 0 ? 'no proxy in the environment' : `${given.join(', ')} set`;
    try {
      const { proxy, nudge, firstHop } = await routeToNudge(context, signal);
      if (proxy !== undefined) return pass(`through the proxy ${hopName(firstHop)} (${named})`);
      const isLocal = given.length > 0 && isLoopbackHost(nudge.hostname);
      return pass(`direct (${named}${isLocal ? '; calls to this machine never use a proxy' : ''})`);
    } catch (error) {
      if (!(error instanceof UnusableProxy)) throw error;
      return fail(
        `the proxy of the environment ${error.message} (${named})`,
        "Give HTTPS_PROXY as http://host:port, or name the base URL's host in NO_PROXY.",
      );
    }
  },
};
