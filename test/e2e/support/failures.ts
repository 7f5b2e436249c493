import { expect } from '@jest/globals';
import type { NudgeAuthErrorCode, NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import type { EmulatorFault } from 'nestjs-nudge-auth/emulator';
import type { Host, HostSettings, HttpResult } from '../../support/host.js';
import type { Platform } from '../../support/platforms.js';
import { hostsForEachTest } from './hosts.js';

export const FAILING_KEY = 'obviously-fake-private-key-for-error-tests';

export interface FaultCase {
  readonly is: string;
  readonly fault: EmulatorFault;
}

type StartHost = (
  options?: Partial<NudgeAuthModuleOptions>,
  settings?: Partial<HostSettings>,
) => Promise<Host>;

/** Returns a function that starts a host whose retries follow without a pause. All hosts of a test close after it. */
export function failingHosts(platform: Platform, baseUrl: () => string): StartHost {
  const start = hostsForEachTest(platform);
  return (options = {}, settings = {}) =>
    start({
      nudge: { apiKey: FAILING_KEY, baseUrl: baseUrl(), ...options } as NudgeAuthModuleOptions,
      random: () => 0,
      ...settings,
    });
}

const MESSAGES: Readonly<Record<string, RegExp>> = {
  NUDGE_CREDENTIALS_REJECTED: /the server is not accepted by Nudge$/,
  NUDGE_BAD_RESPONSE: /Nudge gave an unusable answer$/,
  NUDGE_RATE_LIMITED: /too many calls$/,
  NUDGE_UNAVAILABLE: /not available at the moment$/,
  NUDGE_TIMEOUT: /no answer in time$/,
  NUDGE_DISABLED: /switched off$/,
  USER_KEYS_UNAVAILABLE: /^Users cannot be verified at the moment$/,
};
/** Seconds that are added to the time of the next attempt, so that clients do not return together. */
export const SPREAD_S = 30;

export function retryAfterOf(answer: HttpResult): number {
  expect(answer.headers['retry-after']).toMatch(/^\d+$/);
  return Number(answer.headers['retry-after']);
}

/** The answer that every client gets for a failure on Nudge's side. */
export function expectFailure(answer: HttpResult, code: NudgeAuthErrorCode): void {
  expect([answer.json()['code'], answer.status]).toEqual([code, 503]);
  expect(answer.json()).toEqual({
    statusCode: 503,
    code,
    message: expect.stringMatching(MESSAGES[code] ?? /$^/),
  });
  expect(answer.headers).toMatchObject({
    'nudge-auth-error': code,
    'content-type': expect.stringMatching(/^application\/json/),
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    vary: expect.stringContaining('Authorization, Accept, Cookie'),
  });
  expect(answer.headers).not.toHaveProperty('etag');
  expect(answer.headers).not.toHaveProperty('www-authenticate');
  const retryAfter = retryAfterOf(answer);
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(60 + SPREAD_S + 1);
}
