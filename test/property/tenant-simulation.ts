import assert from 'node:assert/strict';
import { isNudgeAuthError, NudgeAuthError } from '../../src/common/errors.js';
import type { Secret } from '../../src/common/secret.js';
import { resolveNudgeAuthOptions } from '../../src/options/resolve-options.js';
import type { TenantConfig } from '../../src/options/tenants.options.js';
import { NudgeTokenService } from '../../src/service/nudge-token.service.js';
import type { TokenStore } from '../../src/store/token-store.js';
import { NudgeAuthEvents } from '../../src/telemetry/events.js';
import { StatusBoard } from '../../src/telemetry/status-board.js';
import { createTenants } from '../../src/tenants/create-tenants.js';
import type { Tenants } from '../../src/tenants/tenants.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryTokenStore } from '../../src/testing/memory-token-store.js';
import { readClaims } from '../../src/token/claims.js';
import { lifeByVendorTime } from '../../src/token/vendor-time.js';
import {
  TransientFailure,
  type FetchedToken,
  type TokenRequest,
  type TokenSource,
} from '../../src/vendor/token-source.js';
import type { AccountState, ConfigState, Step, TenantHistory, TenantName } from './tenant-history.js';
import { TENANTS } from './tenant-history.js';

const DEADLINE_MS = 7_000;
const HOSTS = ['https://one.nudge.example/api', 'https://two.nudge.example/api'] as const;

/** The present state of one tenant, of its account and of its config. */
interface Truth {
  account: AccountState;
  config: ConfigState;
  key: number;
  hasFallback: boolean;
  host: 0 | 1;
  issued: number;
  callers: number;
  /** Since when the host has answered that there is no such tenant. */
  goneSinceMs: number | undefined;
}

interface Issued {
  readonly tenant: string;
  readonly baseUrl: string;
  readonly extId: string | undefined;
  readonly number: number;
}

/** Wraps stores so that all of their methods can be made to fail. */
class FaultyStores {
  state: 'well' | 'failing' | 'hanging' = 'well';

  wrap(store: TokenStore): TokenStore {
    return new Proxy<TokenStore>(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const call = (...given: unknown[]): unknown => Reflect.apply(value, target, given);
        if (name === 'forTenant' || name === 'bind')
          return (given: unknown) => this.wrap(call(given) as TokenStore);
        if (name === 'callLimitsOf' || name === 'close') return call;
        return (...given: unknown[]) =>
          this.state === 'failing'
            ? Promise.reject(new Error('simulated store fault'))
            : this.state === 'hanging'
              ? new Promise(() => undefined)
              : call(...given);
      },
    });
  }
}

/** Plays a history of several tenants, or only the steps of one of them, and records what each tenant sees. */
export class TenantSimulation {
  /** The answers that a tenant's callers got and the calls to its account, each with its time. */
  readonly transcripts = new Map<string, string[]>(TENANTS.map((tenant) => [tenant, []]));
  readonly #history: TenantHistory;
  readonly #only: TenantName | undefined;
  readonly #clock = new ManualClock();
  readonly #truths = new Map<string, Truth>();
  readonly #issued = new Map<string, Issued>();
  readonly #stores = new FaultyStores();
  readonly #tenants: Tenants;
  readonly #service: NudgeTokenService;
  #rateLimited = 0;
  #waiting = 0;
  #violation: unknown;

  /** @param only plays only the steps of this tenant and the shared steps, as if there were no other tenant. */
  constructor(history: TenantHistory, only?: TenantName) {
    this.#history = history;
    this.#only = only;
    for (const tenant of TENANTS) {
      const truth: Truth = {
        account: 'well',
        config: 'well',
        key: 0,
        hasFallback: false,
        host: 0,
        issued: 0,
        callers: 0,
        goneSinceMs: undefined,
      };
      this.#truths.set(tenant, truth);
    }
    const store = history.withStore ? this.#stores.wrap(new MemoryTokenStore(this.#clock, 100)) : undefined;
    const options = resolveNudgeAuthOptions({
      tenants: {
        id: () => 'not called here',
        config: (tenant) => this.#configOf(tenant),
        baseUrls: [...HOSTS],
        maxTenants: history.maxTenants,
      },
      cache: { maxEntries: history.maxEntries },
      baseUrl: HOSTS[0],
      http: { deadlineMs: DEADLINE_MS },
      ...(history.scope === 'user' ? { scope: 'user', extId: () => 'not called here' } : { scope: 'client' }),
    });
    assert.ok(options.tenants);
    const events = new NudgeAuthEvents();
    const random = (): number => 0.5;
    this.#tenants = createTenants({
      tenants: options.tenants,
      sourceOf: (baseUrl) => this.#sourceOf(baseUrl),
      store,
      options: { ...options.cache, ...options.http, scope: history.scope, storeScope: ['simulation'] },
      defaults: options,
      callsPerMinute: options.budget.callsPerMinute,
      events,
      log: { log: () => undefined, warn: () => undefined, error: () => undefined },
      clock: this.#clock,
      random,
    });
    const board = new StatusBoard(events, this.#clock);
    this.#service = new NudgeTokenService(undefined, board, events, options, this.#tenants);
  }

  async run(): Promise<this> {
    for (const step of this.#history.steps) await this.#take(step);
    await this.#pass(2 * DEADLINE_MS);
    const closing = this.#tenants.close();
    await this.#pass(2 * DEADLINE_MS);
    await closing;
    if (this.#violation !== undefined) throw this.#violation;
    assert.equal(this.#waiting, 0, 'no caller is left waiting');
    return this;
  }

  async #take(step: Step): Promise<void> {
    if (step.do === 'pass') return this.#pass(step.ms);
    if (step.do === 'store') this.#stores.state = step.state;
    else if (step.do === 'rate limit') this.#rateLimited = step.calls;
    else {
      // Requests from before a change must end before it, so that the tenant alone gets the same answers.
      if (step.do !== 'ask' && step.do !== 'invalidate') await this.#pass(0);
      if (this.#only === undefined || step.tenant === this.#only) {
        this.#takeOfTenant(step, this.#truthOf(step.tenant));
      }
    }
    return undefined;
  }

  #takeOfTenant(step: Extract<Step, { tenant: TenantName }>, truth: Truth): void {
    const { tenant } = step;
    switch (step.do) {
      case 'ask':
        for (let caller = 0; caller < step.callers; caller += 1)
          void this.#ask(tenant, step.user, step.force);
        return;
      case 'account':
        truth.account = step.state;
        return;
      case 'config':
        truth.config = step.state;
        return;
      case 'new key':
        truth.key += 1;
        return;
      case 'fallback':
        truth.hasFallback = step.isThere;
        return;
      case 'move':
        truth.host = truth.host === 0 ? 1 : 0;
        return;
      case 'invalidate': {
        const selector = step.user === undefined ? { tenant } : { tenant, ...this.#userOf(step.user) };
        this.#waiting += 1;
        void this.#service
          .invalidate(this.#history.scope === 'client' ? { tenant } : selector)
          .catch((error: unknown) => this.#judge(() => assert.ok(isNudgeAuthError(error))))
          .finally(() => (this.#waiting -= 1));
        return;
      }
    }
  }

  #userOf(user: number): { extId?: string } {
    return this.#history.scope === 'user' ? { extId: `user-${user}` } : {};
  }

  async #ask(tenant: TenantName, user: number, forceRefresh: boolean): Promise<void> {
    const number = ++this.#truthOf(tenant).callers;
    this.#waiting += 1;
    try {
      const { token } = await this.#service.getToken({ tenant, ...this.#userOf(user), forceRefresh });
      const issued = this.#issued.get(token);
      this.#note(tenant, `caller ${number} gets token ${issued?.number}`);
      this.#judge(() => {
        assert.equal(issued?.tenant, tenant, 'a token stays with its tenant');
        assert.equal(issued?.extId, this.#userOf(user).extId, 'a token stays with its user');
      });
    } catch (error) {
      this.#judge(() => assert.ok(isNudgeAuthError(error), String(error)));
      if (isNudgeAuthError(error)) {
        this.#note(
          tenant,
          `caller ${number} gets ${error.code} for ${Math.round(error.retryAfterMs ?? 0)} ms`,
        );
      }
    }
    this.#waiting -= 1;
  }

  async #configOf(tenant: string): Promise<TenantConfig | undefined> {
    const truth = this.#truthOf(tenant);
    const { config, key, hasFallback, host } = truth;
    this.#note(tenant, `the module asks for the config`);
    if (config === 'throwing') throw new Error('simulated');
    if (config === 'hanging') return new Promise(() => undefined);
    if (config === 'gone') {
      truth.goneSinceMs ??= this.#clock.now().monotonicMs;
      return undefined;
    }
    truth.goneSinceMs = undefined;
    if (config === 'invalid') return { apiKey: 'with white space' };
    if (config === 'late') await this.#wait(3_000);
    return {
      apiKey: `fake-key-of/${tenant.replace(' ', '_')}/${key}`,
      baseUrl: HOSTS[host],
      ...(hasFallback ? { fallbackApiKey: `fake-key-of/${tenant.replace(' ', '_')}/fallback` } : {}),
    };
  }

  #sourceOf(baseUrl: string): TokenSource {
    return { fetchToken: (request, key, timeoutMs) => this.#call(baseUrl, request, key, timeoutMs) };
  }

  /** The vendor. Its answer depends only on the tenant whose key the call has. */
  async #call(baseUrl: string, request: TokenRequest, key: Secret, timeoutMs: number): Promise<FetchedToken> {
    const [, name = '', which = ''] = key.reveal().split('/');
    const tenant = name.replace('_', ' ');
    const truth = this.#truthOf(tenant);
    this.#note(tenant, `call to ${baseUrl} with key ${which} for ${request.extId ?? 'all'}`);
    const sentAt = this.#clock.now();
    // A call that was under way when the tenant became unknown ends within the deadline.
    const goneForMs = sentAt.monotonicMs - (truth.goneSinceMs ?? Number.POSITIVE_INFINITY);
    this.#judge(() => assert.ok(goneForMs <= DEADLINE_MS, 'an unknown tenant costs no call'));
    if (truth.account === 'hanging') {
      await this.#wait(timeoutMs);
      throw new TransientFailure('NUDGE_TIMEOUT', 'simulated', { isAnswered: false });
    }
    await this.#wait(truth.account === 'slow' ? 900 : 5);
    if (this.#rateLimited > 0) {
      this.#rateLimited -= 1;
      throw new NudgeAuthError('NUDGE_RATE_LIMITED', 'simulated', { retryAfterMs: 10_000 });
    }
    if (truth.account === 'refusing' && which !== 'fallback') {
      throw new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'simulated');
    }
    if (truth.account === 'failing')
      throw new TransientFailure('NUDGE_UNAVAILABLE', 'simulated', { isAnswered: true });
    if (truth.account === 'invalid') throw new NudgeAuthError('NUDGE_BAD_RESPONSE', 'simulated');
    const token = this.#issue(tenant, baseUrl, request, (truth.issued += 1));
    const claims = readClaims(token);
    const receivedAt = this.#clock.now();
    const placed = lifeByVendorTime(claims, { sentAt, receivedAt, date: undefined });
    return { token, claims, arrivedAt: receivedAt, ...placed, keyFingerprint: key.fingerprint };
  }

  #issue(tenant: string, baseUrl: string, { expiryMins, extId }: TokenRequest, number: number): string {
    const iat = Math.floor(this.#clock.now().wallMs / 1_000);
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const claims = { iat, exp: iat + expiryMins * 60 };
    const token = `${encode({ alg: 'EdDSA', kid: 'simulated' })}.${encode(claims)}.${encode({ tenant, number })}`;
    this.#issued.set(token, { tenant, baseUrl, extId, number });
    return token;
  }

  #truthOf(tenant: string): Truth {
    const truth = this.#truths.get(tenant);
    assert.ok(truth, `no tenant is called ${tenant}`);
    return truth;
  }

  #note(tenant: string, what: string): void {
    this.transcripts.get(tenant)?.push(`${Math.round(this.#clock.now().monotonicMs)} ${what}`);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(ms, resolve));
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.advanceAsync(ms);
    if (this.#violation !== undefined) throw this.#violation;
  }

  #judge(check: () => void): void {
    try {
      check();
    } catch (violation) {
      this.#violation ??= violation;
    }
  }
}
