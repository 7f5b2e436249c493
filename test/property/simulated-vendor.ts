import type { Clock } from '../../src/common/clock.js';
import type { Secret } from '../../src/common/secret.js';
import { NudgeAuthError, type NudgeAuthErrorCode } from '../../src/common/errors.js';
import type { FetchedToken, TokenRequest, TokenSource } from '../../src/vendor/token-source.js';
import { readClaims } from '../../src/token/claims.js';
import { lifeByVendorTime } from '../../src/token/vendor-time.js';

/** How the vendor answers the next calls. */
export type VendorBehaviour =
  | { readonly kind: 'well' }
  | { readonly kind: 'slow'; readonly requestMs: number; readonly responseMs: number }
  | { readonly kind: 'aged'; readonly ageMs: number }
  | { readonly kind: 'repeating' }
  | { readonly kind: 'short'; readonly lifeMs: number }
  | {
      readonly kind: 'failing';
      readonly code: NudgeAuthErrorCode;
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly kind: 'throwing' }
  | { readonly kind: 'hanging' };

/** A call that the vendor got. */
export interface VendorCall {
  readonly entry: string;
  /** The position of the call among all events of a history. */
  readonly order: number;
  isOver: boolean;
}

export interface IssuedToken {
  readonly entry: string;
  readonly token: string;
  /** The last call that returned the token. */
  readonly call: VendorCall;
  /** By the vendor's clock, in epoch milliseconds. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Observes the calls. */
export interface VendorObserver {
  callBegan(call: VendorCall): void;
  callDelivered(issued: IssuedToken): void;
  callFailed(error: NudgeAuthError): void;
}

export function entryOf({ expiryMins, extId }: TokenRequest): string {
  return `${expiryMins}/${extId ?? ''}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** A token source for the token cache, with the vendor's own clock and a behaviour that tests set. */
export class SimulatedVendor implements TokenSource {
  behaviour: VendorBehaviour = { kind: 'well' };
  /** The fingerprint of the API key that the calls use. */
  keyFingerprint = 'cafe0001';
  observer: VendorObserver | undefined;
  readonly issued = new Map<string, IssuedToken>();
  readonly #clock: Clock;
  readonly #nowMs: () => number;
  readonly #nextOrder: () => number;
  readonly #name: string;
  readonly #lastTokens = new Map<string, IssuedToken>();
  #serial = 0;

  /**
   * @param nowMs the time of the vendor's clock, in epoch milliseconds.
   * @param nextOrder returns the position of the next event.
   * @param name distinguishes the tokens of this vendor from those of another.
   */
  constructor(clock: Clock, nowMs: () => number, nextOrder: () => number, name = '') {
    this.#name = name;
    this.#clock = clock;
    this.#nowMs = nowMs;
    this.#nextOrder = nextOrder;
  }

  async fetchToken(request: TokenRequest, _apiKey: Secret, timeoutMs: number): Promise<FetchedToken> {
    const call: VendorCall = { entry: entryOf(request), order: this.#nextOrder(), isOver: false };
    this.observer?.callBegan(call);
    // The caller gives up after this time. So a call ends also if the source never settles.
    const giveUp = this.#clock.schedule(timeoutMs, () => (call.isOver = true));
    try {
      return await this.#answer(request, call);
    } finally {
      giveUp();
      call.isOver = true;
    }
  }

  async #answer(request: TokenRequest, call: VendorCall): Promise<FetchedToken> {
    const { behaviour } = this;
    const sentAt = this.#clock.now();
    if (behaviour.kind === 'hanging') return new Promise(() => undefined);
    if (behaviour.kind === 'throwing') throw new TypeError('a source that breaks its contract');
    if (behaviour.kind === 'failing') {
      await this.#pass(1);
      const error = new NudgeAuthError(behaviour.code, 'simulated', { retryAfterMs: behaviour.retryAfterMs });
      this.observer?.callFailed(error);
      throw error;
    }
    await this.#pass(behaviour.kind === 'slow' ? behaviour.requestMs : 1);
    const issued = this.#issue(request, call, behaviour);
    const date = new Date(this.#nowMs()).toUTCString();
    if (behaviour.kind === 'slow') await this.#pass(behaviour.responseMs);
    const claims = readClaims(issued.token);
    const receivedAt = this.#clock.now();
    const placed = lifeByVendorTime(claims, { sentAt, receivedAt, date });
    if (!call.isOver) this.observer?.callDelivered(issued);
    return {
      token: issued.token,
      claims,
      arrivedAt: receivedAt,
      ...placed,
      keyFingerprint: this.keyFingerprint,
    };
  }

  #issue({ expiryMins }: TokenRequest, call: VendorCall, behaviour: VendorBehaviour): IssuedToken {
    const { entry } = call;
    const former = behaviour.kind === 'repeating' ? this.#lastTokens.get(entry) : undefined;
    const issued = former === undefined ? this.#newToken(expiryMins, call, behaviour) : { ...former, call };
    this.issued.set(issued.token, issued);
    this.#lastTokens.set(entry, issued);
    return issued;
  }

  #newToken(expiryMins: number, call: VendorCall, behaviour: VendorBehaviour): IssuedToken {
    const ageMs = behaviour.kind === 'aged' ? behaviour.ageMs : 0;
    const lifeMs = behaviour.kind === 'short' ? behaviour.lifeMs : expiryMins * 60_000;
    const iat = Math.floor((this.#nowMs() - ageMs) / 1_000);
    const exp = iat + Math.floor(lifeMs / 1_000);
    const serial = ++this.#serial;
    const token = `${encode({ alg: 'EdDSA', kid: 'simulated' })}.${encode({ iat, exp })}.${encode({ serial, by: this.#name })}`;
    return { entry: call.entry, token, call, issuedAtMs: iat * 1_000, expiresAtMs: exp * 1_000 };
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(ms, resolve));
  }
}
