import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { SECOND_MS } from '../../common/durations.js';
import { fail, pass, skip, type Check } from '../check.js';
import type { DoctorMachine } from '../context.js';
import { codeOf } from '../probes/connect.js';
import { routeToNudge } from '../probes/route.js';

function addressesOf(host: string, { lookup }: DoctorMachine, signal: AbortSignal): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })));
    lookup(host, { all: true }, (error, addresses) => {
      if (error !== null) reject(error);
      else resolve(Array.isArray(addresses) ? addresses : [{ address: addresses, family: 4 }]);
    });
  });
}

const SHOWN_ADDRESSES = 3;

export const dnsCheck: Check = {
  name: 'dns',
  group: 'Way to Nudge',
  asks: 'whether the host name has an address',
  needs: ['proxy'],
  limitMs: 5 * SECOND_MS,
  reachesNudge: true,
  async run(context, signal) {
    const { firstHop, proxy } = await routeToNudge(context, signal);
    const { host } = firstHop;
    if (isIP(host) !== 0) return skip(`${host} is an IP address`);
    try {
      const addresses = await addressesOf(host, context.machine, signal);
      const shown = addresses.slice(0, SHOWN_ADDRESSES).map(({ address }) => address);
      const more = addresses.length > SHOWN_ADDRESSES ? ', …' : '';
      return pass(`${host} is ${shown.join(', ')}${more}`);
    } catch (error) {
      const what = proxy === undefined ? 'host of the base URL' : 'proxy';
      return fail(
        `${host}, the ${what}, has no address (${codeOf(error)})`,
        proxy === undefined
          ? "Check the spelling of NUDGE_BASE_URL and this machine's DNS. If only a proxy can resolve external names, set HTTPS_PROXY."
          : "Check the spelling of HTTPS_PROXY and this machine's DNS.",
      );
    }
  },
};
