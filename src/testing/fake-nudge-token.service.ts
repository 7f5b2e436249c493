import { createHmac, randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../common/clock.js';
import { compactJws } from '../common/compact-jwt.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import { NudgeAuthError, type NudgeAuthErrorCode } from '../common/errors.js';
import { DEFAULT_EXPIRY_MINS } from '../options/expiry-mins.js';
import type {
  NudgeTokenRequest,
  NudgeTokenSelector,
  NudgeTokenService,
  NudgeTokenStatus,
} from '../service/nudge-token.service.js';
import { NudgeAuthEvents, type NudgeAuthEvent } from '../telemetry/events.js';
import type { NudgeToken } from '../token/nudge-token.js';

/**
 * How the fake service behaves.
 *
 * @publicApi
 */
export interface FakeNudgeTokenServiceOptions {
  /** Minutes that a token lives if the request does not say. Default 60. */
  readonly defaultExpiryMins?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/**
 * Replaces `NudgeTokenService` in the tests of a host application. It hands out well-formed tokens without any call,
 * records its requests, and fails when the test says so. It signs its tokens with a random key that it keeps to itself.
 *
 * @example
 * Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(NudgeTokenService)
 *   .useValue(new FakeNudgeTokenService())
 *
 * @publicApi
 */
export class FakeNudgeTokenService implements Pick<
  NudgeTokenService,
  'getToken' | 'invalidate' | 'invalidateAll' | 'status' | 'subscribe'
> {
  /** The requests to `getToken`, in order. */
  readonly requests: NudgeTokenRequest[] = [];
  /** The requests to `invalidate` and `invalidateAll`, in order. */
  readonly invalidations: NudgeTokenSelector[] = [];
  readonly #defaultExpiryMins: number;
  readonly #clock: Clock;
  readonly #events = new NudgeAuthEvents();
  readonly #signingKey = randomBytes(32);
  #failure: NudgeAuthError | undefined;
  readonly #failuresOfTenants = new Map<string, NudgeAuthError>();

  constructor({
    defaultExpiryMins = DEFAULT_EXPIRY_MINS,
    clock = systemClock,
  }: FakeNudgeTokenServiceOptions = {}) {
    this.#defaultExpiryMins = defaultExpiryMins;
    this.#clock = clock;
  }

  /**
   * Makes `getToken` reject with this code until `succeed` is called, for all requests or for one tenant.
   *
   * @example
   * fake.failWith('NUDGE_CREDENTIALS_REJECTED', { tenant: 'acme' });
   */
  failWith(
    code: NudgeAuthErrorCode,
    { tenant, ...details }: { retryAfterMs?: number; tenant?: string } = {},
  ): void {
    const failure = new NudgeAuthError(code, `The fake was told to fail with ${code}`, details);
    if (tenant === undefined) this.#failure = failure;
    else this.#failuresOfTenants.set(tenant, failure);
  }

  /** Ends the failures that `failWith` began, for all requests or for one tenant. */
  succeed({ tenant }: { tenant?: string } = {}): void {
    if (tenant !== undefined) this.#failuresOfTenants.delete(tenant);
    else {
      this.#failure = undefined;
      this.#failuresOfTenants.clear();
    }
  }

  /** Sends the event to all listeners. */
  emit(event: NudgeAuthEvent): void {
    this.#events.emit(event);
  }

  subscribe(listener: (event: NudgeAuthEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  async getToken(request: NudgeTokenRequest = {}): Promise<NudgeToken> {
    this.requests.push(request);
    request.signal?.throwIfAborted();
    const failure = this.#failureOf(request.tenant);
    if (failure !== undefined) throw failure;
    const issuedAtS = Math.floor(this.#clock.now().wallMs / SECOND_MS);
    const expiresAtS = issuedAtS + ((request.expiryMins ?? this.#defaultExpiryMins) * MINUTE_MS) / SECOND_MS;
    const token = compactJws(
      { alg: 'HS256', kid: 'fake' },
      { iat: issuedAtS, exp: expiresAtS, tenant: request.tenant },
      (signingInput) => createHmac('sha256', this.#signingKey).update(signingInput).digest(),
    );
    return { token, issuedAt: issuedAtS * SECOND_MS, expiresAt: expiresAtS * SECOND_MS };
  }

  async invalidate(selector: NudgeTokenSelector = {}): Promise<void> {
    this.invalidations.push(selector);
  }

  async invalidateAll(): Promise<void> {
    this.invalidations.push({});
  }

  status({ tenant }: { tenant?: string } = {}): NudgeTokenStatus {
    return {
      scope: 'client',
      enabled: true,
      canServe: this.#failure === undefined,
      canRenew: this.#failure === undefined,
      renewalFailure: this.#failure?.code,
      hasStore: false,
      heldTokens: 0,
      tokens: [],
      nextAttemptInMs: this.#failureOf(tenant)?.retryAfterMs ?? 0,
      lastSuccessAt: undefined,
      lastFailure: undefined,
      fallbackInUse: false,
      userKeys: { state: 'none' },
      skewMs: undefined,
      storeAvailable: true,
      auditDropped: 0,
    };
  }

  #failureOf(tenant: string | undefined): NudgeAuthError | undefined {
    return (tenant === undefined ? undefined : this.#failuresOfTenants.get(tenant)) ?? this.#failure;
  }
}
