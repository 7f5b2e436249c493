import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { isNudgeAuthError } from 'nestjs-nudge-auth';
import { ManualClock } from 'nestjs-nudge-auth/testing';
import { NudgeAuthEvents } from '../../src/telemetry/events.js';
import type { JwksAnswer } from '../../src/user-auth/jwks-fetch.js';
import { JwksUserKeys } from '../../src/user-auth/jwks-user-keys.js';

const RUNS = Number(process.env['NUDGE_JWKS_RUNS'] ?? 200);
/** Long enough for a busy machine. */
const TIMEOUT_MS = 600_000 + RUNS * 60;
const LONGEST_FETCH_MS = 2_500;

const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });

/** An issuer that signs with its newest key and that may answer slowly. */
class RotatingIssuer {
  readonly kids = ['key-0'];
  fetches = 0;
  isUp = true;
  latencyMs = 0;

  constructor(readonly clock: ManualClock) {}

  get newestKid(): string {
    return this.kids.at(-1) ?? '';
  }

  readonly fetchJwks = async (): Promise<JwksAnswer> => {
    this.fetches += 1;
    // The keys of the moment of the request: a rotation may happen before the answer arrives.
    const body = JSON.stringify({ keys: this.kids.map((kid) => ({ ...jwk, kid })) });
    const { isUp } = this;
    await new Promise<void>((resolve) => this.clock.schedule(this.latencyMs, resolve));
    return isUp ? { status: 200, body } : { status: 503, body: '' };
  };

  /** From now on the issuer signs with a new key, and may withdraw the old keys at once. */
  rotate(withdrawOld: boolean): void {
    if (withdrawOld) this.kids.length = 0;
    this.kids.push(`key-${this.fetches}-${this.clock.now().monotonicMs}`);
  }
}

type Step =
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'clock is set'; readonly ms: number }
  | { readonly kind: 'attack'; readonly kids: number }
  | { readonly kind: 'rotation'; readonly withdrawOld: boolean; readonly latencyMs: number }
  | { readonly kind: 'issuer'; readonly isUp: boolean }
  | { readonly kind: 'user' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      ms: fc.oneof(fc.nat(40_000), fc.nat(7_000), fc.nat(700_000)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock is set' as const),
      ms: fc.integer({ min: -90_000, max: 90_000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('attack' as const), kids: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rotation' as const),
      withdrawOld: fc.boolean(),
      latencyMs: fc.nat(LONGEST_FETCH_MS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('issuer' as const), isUp: fc.boolean() }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'user' } as const) },
);

describe('an issuer that rotates its keys under attack', () => {
  it(
    'costs no user the sign-in: the key is found at once, or after the wait that the error names',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
          const clock = new ManualClock();
          const issuer = new RotatingIssuer(clock);
          const { fetchJwks } = issuer;
          const keys = new JwksUserKeys({
            url: 'https://id.example/keys',
            fetchJwks,
            algorithms: ['RS256'],
            clock,
            events: new NudgeAuthEvents(),
          });
          let passedMs = 0;
          let invented = 0;
          let hasBeenDown = false;
          const pass = async (ms: number): Promise<void> => {
            passedMs += ms;
            await clock.advanceAsync(ms);
          };
          const attack = async (count: number): Promise<void> => {
            const asked = Array.from({ length: count }, () =>
              keys.keysFor({ alg: 'RS256', kid: `invented-${invented++}` }).catch(() => []),
            );
            await pass(0);
            void Promise.all(asked);
          };
          /** The milliseconds that a user is asked to wait, or 0 if the module finds the user's key. */
          const ask = async (): Promise<number> => {
            const asking = keys.keysFor({ alg: 'RS256', kid: issuer.newestKid }).then(
              (found) => {
                // An empty list would mean a 401, which signs the user out.
                expect(found).toHaveLength(1);
                return 0;
              },
              (error: unknown) => {
                if (!isNudgeAuthError(error)) throw error;
                expect(error.retryAfterMs).toEqual(expect.any(Number));
                return Math.max(1, error.retryAfterMs ?? 0);
              },
            );
            await pass(LONGEST_FETCH_MS);
            return asking;
          };
          for (const one of steps) {
            if (one.kind === 'time') await pass(one.ms);
            if (one.kind === 'clock is set') {
              clock.stepWall(one.ms);
              passedMs += Math.max(0, one.ms);
            }
            if (one.kind === 'attack') await attack(one.kids);
            if (one.kind === 'rotation') {
              issuer.latencyMs = one.latencyMs;
              issuer.rotate(one.withdrawOld);
            }
            if (one.kind === 'issuer') {
              issuer.isUp = one.isUp;
              hasBeenDown ||= !one.isUp;
            }
            if (one.kind !== 'user') continue;
            const waitMs = await ask();
            if (waitMs === 0 || hasBeenDown) continue;
            expect(waitMs).toBeLessThanOrEqual(30_000);
            await pass(waitMs);
            await attack(5);
            expect(await ask()).toBe(0);
          }
          // The limit holds however often users and attackers ask.
          if (!hasBeenDown) {
            expect(issuer.fetches).toBeLessThanOrEqual(3 + passedMs / 30_000 + passedMs / 300_000);
          }
        }),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );
});
