import type { CallBudget } from '../../src/vendor/call-budget.js';
import { Secret } from '../../src/common/secret.js';
import { ApiKeys } from '../../src/vendor/api-keys.js';
import { createTokenCache } from '../../src/cache/create-token-cache.js';
import type { TokenCache } from '../../src/cache/token-cache.js';
import type { TokenStore, TokenStoreUser } from '../../src/store/token-store.js';
import type { Clock, Random } from '../../src/common/clock.js';
import { isNudgeAuthError, type NudgeAuthError } from '../../src/common/errors.js';
import type { NudgeAuthOptions } from '../../src/options/nudge-auth.options.js';
import { resolveNudgeAuthOptions } from '../../src/options/resolve-options.js';
import { NudgeTokenService } from '../../src/service/nudge-token.service.js';
import { NudgeAuthEvents, type NudgeAuthEvent, type NudgeAuthEventOf } from '../../src/telemetry/events.js';
import { StatusBoard } from '../../src/telemetry/status-board.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { SimulatedVendor, type IssuedToken, type VendorCall } from '../property/simulated-vendor.js';

/** Where the module finds Nudge by default. */
export const NUDGE_ORIGIN = 'https://main-api.nudgenow.com';

/** Options with a token for each user. The tests name the user with each request, so the module asks no function. */
export const USER_SCOPE = { scope: 'user', extId: () => 'unused' } as const;

export const FAKE_API_KEY = 'obviously-fake-private-key-of-a-spec';

export interface TokenLifeSettings {
  readonly options?: Partial<NudgeAuthOptions>;
  readonly store?: TokenStore;
  /** Binds the store to a registration, as the module does. */
  readonly storeUser?: TokenStoreUser;
  /** Default: no limit. `'of-the-process'`: the budget that the module makes for one process. */
  readonly budget?: CallBudget | 'of-the-process';
  readonly random?: Random;
  /** Milliseconds by which the vendor's clock is ahead of this machine's. */
  readonly vendorAheadMs?: number;
  /** A name in the vendor's tokens, so that they differ from those of another vendor. */
  readonly vendorName?: string;
}

interface ObservedCall {
  readonly entry: string;
  /** Milliseconds of the monotonic clock. */
  readonly atMs: number;
}

/** What a caller got and how long it waited. */
export interface AskOutcome {
  readonly token: string | undefined;
  readonly error: unknown;
  readonly waitedMs: number;
}

const NO_LIMIT: CallBudget = { take: () => Promise.resolve(0) };

/** The service with all that it uses except Nest and HTTP, and a vendor that behaves as the test says. */
export class TokenLife<Time extends Clock = ManualClock> {
  readonly vendor: SimulatedVendor;
  readonly calls: ObservedCall[] = [];
  readonly delivered: IssuedToken[] = [];
  readonly events = new NudgeAuthEvents();
  readonly happened: NudgeAuthEvent[] = [];
  readonly cache: TokenCache;
  readonly service: NudgeTokenService;

  private constructor(
    readonly clock: Time,
    settings: TokenLifeSettings,
  ) {
    const { options = {}, store, storeUser, random = () => 0.5, vendorAheadMs = 0, vendorName } = settings;
    let order = 0;
    this.vendor = new SimulatedVendor(
      clock,
      () => clock.now().wallMs + vendorAheadMs,
      () => order++,
      vendorName,
    );
    this.vendor.observer = {
      callBegan: ({ entry }: VendorCall) => this.calls.push({ entry, atMs: clock.now().monotonicMs }),
      callDelivered: (issued) => this.delivered.push(issued),
      callFailed: () => undefined,
    };
    this.events.subscribe((event) => this.happened.push(event));
    const { budget = NO_LIMIT } = settings;
    const resolved = resolveNudgeAuthOptions({ apiKey: FAKE_API_KEY, ...options } as NudgeAuthOptions);
    this.cache = createTokenCache({
      source: this.vendor,
      apiKeys: new ApiKeys({ primary: new Secret(FAKE_API_KEY), fallback: undefined }, this.events, clock),
      store,
      storeUser,
      options: {
        ...resolved.cache,
        scope: resolved.scope,
        ...resolved.http,
        // A hanging simulated vendor hangs until the deadline, and there are no retries.
        timeoutMs: resolved.http.deadlineMs,
        maxRetries: 0,
        storeScope: ['spec'],
      },
      origin: new URL(resolved.baseUrl).origin,
      callsPerMinute: resolved.budget.callsPerMinute,
      ...(budget === 'of-the-process' ? {} : { budget }),
      events: this.events,
      clock,
      random,
    });
    this.service = new NudgeTokenService(
      this.cache,
      new StatusBoard(this.events, clock),
      this.events,
      resolved,
    );
  }

  static onManualClock(settings: TokenLifeSettings = {}, clock = new ManualClock()): TokenLife {
    return new TokenLife(clock, settings);
  }

  static on<Time extends Clock>(clock: Time, settings: TokenLifeSettings = {}): TokenLife<Time> {
    return new TokenLife(clock, settings);
  }

  /** Asks for a token. Resolves with the outcome and the wait, and never rejects. */
  async ask(request: Parameters<NudgeTokenService['getToken']>[0] = {}): Promise<AskOutcome> {
    const calledAtMs = this.clock.now().monotonicMs;
    const waitedMs = (): number => this.clock.now().monotonicMs - calledAtMs;
    try {
      const { token } = await this.service.getToken(request);
      return { token, error: undefined, waitedMs: waitedMs() };
    } catch (error) {
      return { token: undefined, error, waitedMs: waitedMs() };
    }
  }

  askAll(
    count: number,
    requestOf: (index: number) => Parameters<NudgeTokenService['getToken']>[0] = () => ({}),
  ) {
    return Promise.all(Array.from({ length: count }, (_, index) => this.ask(requestOf(index))));
  }

  eventsOf<Type extends NudgeAuthEvent['type']>(type: Type): NudgeAuthEventOf<Type>[] {
    return this.happened.filter((event): event is NudgeAuthEventOf<Type> => event.type === type);
  }
}

/** Asks for a token, lets `ms` milliseconds pass on the manual clock, and returns the outcome. */
export async function askAndPass(
  life: TokenLife,
  ms = 10,
  request: Parameters<NudgeTokenService['getToken']>[0] = {},
): Promise<AskOutcome> {
  const outcome = life.ask(request);
  await life.clock.advanceAsync(ms);
  return outcome;
}

/** Asks for a token of a vendor that answers at once, and returns it. */
export async function warm(
  life: TokenLife,
  request: Parameters<NudgeTokenService['getToken']>[0] = {},
): Promise<string | undefined> {
  return (await askAndPass(life, 10, request)).token;
}

export function failureOf({ error }: AskOutcome): NudgeAuthError {
  if (!isNudgeAuthError(error)) throw new TypeError(`Expected a NudgeAuthError, got ${String(error)}`);
  return error;
}
