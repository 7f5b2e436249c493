import type { NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host, type HostSettings } from '../../support/host.js';

export const KEY = 'obviously-fake-private-key-of-the-operators';

type Start = (options?: Partial<NudgeAuthModuleOptions>, settings?: HostSettings) => Promise<Host>;

/** Starts applications of an operator. They call the emulator, and do not repeat a call that fails. */
export function operatedHosts(emulator: () => NudgeEmulator): Start {
  return (options = {}, settings = {}) => {
    const nudge = { apiKey: KEY, baseUrl: emulator().url, http: { maxRetries: 0 }, ...options };
    return Host.start('express', { nudge: nudge as NudgeAuthModuleOptions, ...settings });
  };
}
