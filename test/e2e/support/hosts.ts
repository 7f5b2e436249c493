import { afterEach } from '@jest/globals';
import { Host, type HostSettings } from '../../support/host.js';
import type { Platform } from '../../support/platforms.js';

/** Returns a function that starts a host. All hosts of a test close after it. */
export function hostsForEachTest(platform: Platform): (settings: HostSettings) => Promise<Host> {
  const hosts: Host[] = [];
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
  });
  return async (settings) => {
    const host = await Host.start(platform, settings);
    hosts.push(host);
    return host;
  };
}
