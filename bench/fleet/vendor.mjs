import { NudgeAuthError } from '../../compiled/common/errors.js';
import { readClaims } from '../../compiled/token/claims.js';

const LIFE_MS = 3_600_000;
const LATENCY_MS = 200;

function jwt(payload) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none-of-them', kid: 'bench' })}.${part(payload)}.c2lnbmF0dXJl`;
}

/** Nudge on a simulated clock, with tokens of one hour and with outages. */
export class SimulatedVendor {
  calls = 0;
  maxAtOnce = 0;
  /** The times of the calls, in milliseconds since the start. */
  callsAtMs = [];
  #atOnce = 0;
  #isDown = false;

  constructor(clock) {
    this.clock = clock;
  }

  set isDown(isDown) {
    this.#isDown = isDown;
  }

  async fetchToken() {
    this.calls += 1;
    this.#atOnce += 1;
    this.maxAtOnce = Math.max(this.maxAtOnce, this.#atOnce);
    this.callsAtMs.push(this.clock.now().monotonicMs);
    await new Promise((resolve) => this.clock.schedule(LATENCY_MS, resolve));
    this.#atOnce -= 1;
    if (this.#isDown) throw new NudgeAuthError('NUDGE_UNAVAILABLE', 'simulated outage');
    const arrivedAt = this.clock.now();
    const issuedAtS = Math.floor(arrivedAt.wallMs / 1000);
    const token = jwt({ iat: issuedAtS, exp: issuedAtS + LIFE_MS / 1000, n: this.calls });
    return {
      token,
      claims: readClaims(token),
      arrivedAt,
      lifeMs: LIFE_MS - LATENCY_MS - 1000,
      ageOnArrivalMs: LATENCY_MS,
      skewMs: 0,
      keyFingerprint: '0a1b2c3d',
    };
  }
}
