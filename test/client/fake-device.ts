import { afterEach, beforeEach, expect } from '@jest/globals';
import {
  createRefreshToken,
  type RefreshToken,
  type RefreshTokenEvent,
  type RefreshTokenOptions,
} from '../../src/client/index.js';
import { FakeDevice, FakeEndpoint } from './fake-world.js';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;

export let device: FakeDevice;
export let endpoint: FakeEndpoint;
export let events: RefreshTokenEvent[];
let created: RefreshToken[];

/** A `refreshToken` on the fake device, which asks the fake endpoint. */
export function create(options: Partial<RefreshTokenOptions> = {}): RefreshToken {
  const refreshToken = createRefreshToken({
    endpoint: '/nudge/token',
    headers: { Authorization: 'Bearer user' },
    fetch: endpoint.fetch,
    clock: device,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  created.push(refreshToken);
  return refreshToken;
}

/** Gives each test a new device and a new endpoint. After the test no timer may be left. */
export function useFakeDevice(): void {
  beforeEach(() => {
    device = new FakeDevice();
    endpoint = new FakeEndpoint();
    events = [];
    created = [];
  });

  afterEach(() => {
    for (const refreshToken of created) refreshToken.stop();
    expect(device.timers.size).toBe(0);
  });
}
