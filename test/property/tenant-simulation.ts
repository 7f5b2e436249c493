import assert from 'node:assert/strict';
import { isNudgeAuthError, type NudgeAuthError } from '../../src/common/errors.js';
import { resolveNudgeAuthOptions } from '../../src/options/resolve-options.js';
import { NudgeTokenService } from '../../src/service/nudge-token.service.js';
import { NudgeAuthEvents } from '../../src/telemetry/events.js';
import { StatusBoard } from '../../src/telemetry/status-board.js';
import { createTenants } from '../../src/tenants/create-tenants.js';
import type { Tenants } from '../../src/tenants/tenants.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryTokenStore } from '../../src/testing/memory-token-store.js';
import { FaultyStores } from './faulty-stores.js';
import { TENANTS, type Step, type TenantHistory, type TenantName } from './tenant-history.js';
import { DEADLINE_MS, HOSTS, TenantWorld, type TenantWatch } from './tenant-world.js';

/** Plays a history of several tenants, or only what happens to one of them, and writes down what each of them sees. */
export class TenantSimulation implements TenantWatch {
  /** What a tenant's callers and its status were told, and what calls its account saw, with the moment of each. */
  readonly transcripts = new Map<string, string[]>(TENANTS.map((tenant) => [tenant, []]));
  readonly #history: TenantHistory;
  readonly #only: TenantName | undefined;
  readonly #clock = new ManualClock();
  readonly #world = new TenantWorld(this.#clock, this);
  readonly #stores = new FaultyStores();
  readonly #tenants: Tenants;
  readonly #service: NudgeTokenService;
  readonly #callers = new Map<string, number>();
  #waiting = 0;
  #isClosing = false;
  #violation: unknown;

  /** @param only plays the steps of this tenant and those of all, as if there were no other tenant. */
  constructor(history: TenantHistory, only?: TenantName) {
    this.#history = history;
    this.#only = only;
    const store = history.withStore ? this.#stores.wrap(new MemoryTokenStore(this.#clock, 100)) : undefined;
    const options = resolveNudgeAuthOptions({
      tenants: {
        id: () => 'not asked here',
        config: (tenant) => this.#world.configOf(tenant),
        baseUrls: [...HOSTS],
        maxTenants: history.maxTenants,
      },
      cache: { maxEntries: history.maxEntries },
      baseUrl: HOSTS[0],
      http: { deadlineMs: DEADLINE_MS },
      ...(history.scope === 'user' ? { scope: 'user', extId: () => 'not asked here' } : { scope: 'client' }),
    });
    assert.ok(options.tenants);
    const events = new NudgeAuthEvents();
    const random = (): number => 0.5;
    this.#tenants = createTenants({
      tenants: options.tenants,
      sourceOf: (baseUrl) => this.#world.sourceOf(baseUrl),
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
    this.#isClosing = true;
    const closing = this.#tenants.close();
    await this.#pass(2 * DEADLINE_MS);
    await closing;
    if (this.#violation !== undefined) throw this.#violation;
    assert.equal(this.#waiting, 0, 'no caller is left waiting');
    return this;
  }

  note(tenant: string, what: string): void {
    this.transcripts.get(tenant)?.push(`${Math.round(this.#clock.now().monotonicMs)} ${what}`);
  }

  judge(check: () => void): void {
    try {
      check();
    } catch (violation) {
      this.#violation ??= violation;
    }
  }

  async #take(step: Step): Promise<void> {
    if (step.do === 'pass') return this.#pass(step.ms);
    if (step.do === 'store') this.#stores.state = step.state;
    else if (step.do === 'rate limit') this.#world.rateLimited = step.calls;
    else {
      // What was asked before a change must have been answered as before it, alone or not.
      if (step.do !== 'ask' && step.do !== 'invalidate') await this.#pass(0);
      if (this.#only === undefined || step.tenant === this.#only) this.#takeOfTenant(step);
    }
    return undefined;
  }

  #takeOfTenant(step: Extract<Step, { tenant: TenantName }>): void {
    const { tenant } = step;
    const truth = this.#world.truthOf(tenant);
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
      case 'invalidate':
        void this.#invalidate(tenant, step.user);
        return;
    }
  }

  #userOf(user: number): { extId?: string } {
    return this.#history.scope === 'user' ? { extId: `user-${user}` } : {};
  }

  async #invalidate(tenant: TenantName, user: number | undefined): Promise<void> {
    this.#waiting += 1;
    try {
      await this.#service.invalidate({ tenant, ...(user === undefined ? {} : this.#userOf(user)) });
    } catch (error) {
      this.judge(() => assert.ok(isNudgeAuthError(error), String(error)));
    }
    this.#waiting -= 1;
  }

  async #ask(tenant: TenantName, user: number, forceRefresh: boolean): Promise<void> {
    const number = (this.#callers.get(tenant) ?? 0) + 1;
    this.#callers.set(tenant, number);
    this.#waiting += 1;
    const askedAtMs = this.#clock.now().monotonicMs;
    try {
      const { token } = await this.#service.getToken({ tenant, ...this.#userOf(user), forceRefresh });
      const issued = this.#world.issued(token);
      this.note(tenant, `caller ${number} gets token ${issued?.number}`);
      this.judge(() => {
        assert.equal(issued?.tenant, tenant, 'a token stays with its tenant');
        assert.equal(issued?.extId, this.#userOf(user).extId, 'a token stays with its user');
        const places = this.#world.baseUrlsSince(tenant, askedAtMs);
        assert.ok(places.includes(issued.baseUrl), 'a token is of the account that the config names');
      });
    } catch (error) {
      this.judge(() => {
        if (!isNudgeAuthError(error)) throw error;
        this.note(
          tenant,
          `caller ${number} gets ${error.code} for ${Math.round(error.retryAfterMs ?? 0)} ms`,
        );
        this.#judgeFailure(tenant, error);
      });
    }
    this.#waiting -= 1;
  }

  /** But for the budget, and the pause after a 429, which are for all, a failure comes from the tenant's own world. */
  #judgeFailure(tenant: TenantName, { code, message }: NudgeAuthError): void {
    if (code === 'NUDGE_RATE_LIMITED' || this.#isClosing) return;
    const { ownFailures } = this.#world.truthOf(tenant);
    assert.ok(ownFailures.has(code), `${tenant} is told of a failure that it has no part in: ${message}`);
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.advanceAsync(ms);
    if (this.#violation !== undefined) throw this.#violation;
    assert.ok(
      this.#tenants.size <= this.#history.maxEntries,
      'no more tokens are held than there is room for',
    );
    for (const tenant of TENANTS) this.note(tenant, JSON.stringify(this.#service.status({ tenant })));
  }
}
