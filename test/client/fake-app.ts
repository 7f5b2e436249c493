import { beforeEach } from '@jest/globals';
import type { RefreshToken, RefreshTokenHeaders, RefreshTokenOptions } from '../../src/client/index.js';
import { create, useFakeDevice } from './fake-device.js';

/** An app that forgets to call `reset()`. It returns these headers now, or null if no user is signed in. */
export const app: { headers: RefreshTokenHeaders | null } = { headers: null };

/** A `refreshToken` of the app on the fake device. */
export function createForApp(options: Partial<RefreshTokenOptions> = {}): RefreshToken {
  return create({ headers: () => app.headers, ...options });
}

export function jwtOf(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
}

export function signIn(sub: string): void {
  app.headers = { Authorization: `Bearer ${jwtOf({ iss: 'app', sub, jti: 1 })}` };
}

/** Gives each test a new fake device, and an app in which Alice is signed in. */
export function useFakeApp(): void {
  useFakeDevice();
  beforeEach(() => signIn('alice'));
}
