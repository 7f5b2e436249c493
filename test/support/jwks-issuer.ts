import { generateKeyPairSync } from 'node:crypto';
import type { NudgeAuthError } from '../../src/common/errors.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../../src/telemetry/events.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import type { JwksAnswer } from '../../src/user-auth/jwks-fetch.js';
import { JwksUserKeys } from '../../src/user-auth/jwks-user-keys.js';
import type { UserJwtHeader } from '../../src/user-auth/user-keys.js';

const jwks = Array.from({ length: 3 }, () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
);

export function jwkOf(index: number, named: object = {}): object {
  return { ...jwks[index], ...named };
}

export function headerWith(kid: string | undefined): UserJwtHeader {
  return { alg: 'RS256', kid };
}

/** An issuer that answers as the test says. */
export class Issuer {
  fetches = 0;
  published: unknown[] = [];
  failure: Error | undefined;
  #held: { release: () => void } | undefined;

  readonly fetchJwks = async (): Promise<JwksAnswer> => {
    this.fetches += 1;
    if (this.#held !== undefined) await new Promise<void>((release) => (this.#held = { release }));
    if (this.failure !== undefined) throw this.failure;
    return { status: 200, body: JSON.stringify({ keys: this.published }) };
  };

  hold(): void {
    this.#held = { release: () => undefined };
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}

interface SetUp {
  readonly issuer: Issuer;
  readonly clock: ManualClock;
  readonly keys: JwksUserKeys;
  readonly told: NudgeAuthEvent[];
}

export function setUpWith(issuer: Issuer): SetUp {
  const clock = new ManualClock();
  const events = new NudgeAuthEvents();
  const told: NudgeAuthEvent[] = [];
  events.subscribe((event) => told.push(event));
  const url = 'https://id.example/keys';
  const { fetchJwks } = issuer;
  return {
    issuer,
    clock,
    told,
    keys: new JwksUserKeys({ url, fetchJwks, algorithms: ['RS256'], clock, events }),
  };
}

export function setUp(...kids: string[]): SetUp {
  const issuer = new Issuer();
  issuer.published = kids.map((kid, index) => jwkOf(index, { kid }));
  return setUpWith(issuer);
}

/** How many keys there are for a kid, or the error code. */
export function outcome(keys: JwksUserKeys, kid: string | undefined): Promise<number | string> {
  return keys.keysFor(headerWith(kid)).then(
    (found) => found.length,
    (error: NudgeAuthError) => error.code,
  );
}
