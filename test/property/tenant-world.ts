import assert from 'node:assert/strict';
import type { Clock } from '../../src/common/clock.js';
import { NudgeAuthError, type NudgeAuthErrorCode } from '../../src/common/errors.js';
import type { Secret } from '../../src/common/secret.js';
import type { TenantConfig } from '../../src/options/tenants.options.js';
import { readClaims } from '../../src/token/claims.js';
import { lifeByVendorTime } from '../../src/token/vendor-time.js';
import {
  TransientFailure,
  type FetchedToken,
  type TokenRequest,
  type TokenSource,
} from '../../src/vendor/token-source.js';
import { TENANTS, type AccountState, type ConfigState } from './tenant-history.js';

export const DEADLINE_MS = 7_000;
export const HOSTS = ['https://one.nudge.example/api', 'https://two.nudge.example/api'] as const;

/** What is true of one tenant at the moment. */
interface Truth {
  account: AccountState;
  config: ConfigState;
  key: number;
  hasFallback: boolean;
  host: 0 | 1;
  /** How many tokens each user has got; `undefined` stands for all users. */
  readonly issued: Map<string | undefined, number>;
  /** When the host said that there is no such tenant, where it has not taken that back. */
  goneSinceMs: number | undefined;
  /** What its own account and its own config have given its callers reason to be told. */
  readonly ownFailures: Set<NudgeAuthErrorCode>;
  /** When the token of this tenant that lives longest expires. */
  latestExpiryMs: number;
  /** How often its config was asked for, and which of these questions the last answer that counts was to. */
  asked: number;
  answered: number;
  /** Where its config said that its account lives, and when. */
  readonly moves: { readonly atMs: number; readonly baseUrl: string }[];
}

export interface Issued {
  readonly tenant: string;
  readonly baseUrl: string;
  readonly extId: string | undefined;
  readonly number: number;
}

/** What the world tells those who watch it. */
export interface TenantWatch {
  /** Something happened that the tenant can see. */
  note(tenant: string, what: string): void;
  judge(check: () => void): void;
}

/** The host's function and the vendor, as several tenants meet with them. */
export class TenantWorld {
  /** So many of the next calls are answered 429, whoever makes them. */
  rateLimited = 0;
  readonly #clock: Clock;
  readonly #watch: TenantWatch;
  readonly #truths = new Map<string, Truth>();
  readonly #issued = new Map<string, Issued>();

  constructor(clock: Clock, watch: TenantWatch) {
    this.#clock = clock;
    this.#watch = watch;
    for (const tenant of TENANTS) {
      this.#truths.set(tenant, {
        account: 'well',
        config: 'well',
        key: 0,
        hasFallback: false,
        host: 0,
        issued: new Map(),
        goneSinceMs: undefined,
        ownFailures: new Set(),
        latestExpiryMs: 0,
        asked: 0,
        answered: 0,
        moves: [],
      });
    }
  }

  truthOf(tenant: string): Truth {
    const truth = this.#truths.get(tenant);
    assert.ok(truth, `no tenant is called ${tenant}`);
    return truth;
  }

  issued(token: string): Issued | undefined {
    return this.#issued.get(token);
  }

  /** Where the account of a tenant may have been for a caller who came at that moment and has an answer now. */
  baseUrlsSince(tenant: string, ms: number): string[] {
    const { moves } = this.truthOf(tenant);
    const before = moves.findLast(({ atMs }) => atMs < ms);
    const since = moves.filter(({ atMs }) => atMs >= ms);
    return [...(before === undefined ? [] : [before]), ...since].map(({ baseUrl }) => baseUrl);
  }

  async configOf(tenant: string): Promise<TenantConfig | undefined> {
    const truth = this.truthOf(tenant);
    const { config, key, hasFallback, host, ownFailures } = truth;
    const question = (truth.asked += 1);
    this.#watch.note(tenant, `config is asked for`);
    if (config !== 'well' && config !== 'gone') ownFailures.add('NUDGE_TENANT_UNAVAILABLE');
    // One deadline covers the wait for the config and for the token.
    if (config === 'hanging' || config === 'late') ownFailures.add('NUDGE_TIMEOUT');
    if (config === 'throwing') throw new Error('simulated');
    if (config === 'hanging') return new Promise(() => undefined);
    if (config === 'gone') {
      ownFailures.add('NUDGE_UNKNOWN_TENANT');
      truth.goneSinceMs ??= this.#clock.now().monotonicMs;
      return undefined;
    }
    truth.goneSinceMs = undefined;
    if (config === 'invalid') return { apiKey: 'with white space' };
    if (config === 'late') await this.#wait(3_000);
    const baseUrl = HOSTS[host];
    // An answer that a later question has overtaken does not count.
    if (question > truth.answered) {
      truth.answered = question;
      truth.moves.push({ atMs: this.#clock.now().monotonicMs, baseUrl });
    }
    return {
      apiKey: `fake-key-of/${tenant.replace(' ', '_')}/${key}/${baseUrl}`,
      baseUrl,
      ...(hasFallback
        ? { fallbackApiKey: `fake-key-of/${tenant.replace(' ', '_')}/fallback/${baseUrl}` }
        : {}),
    };
  }

  sourceOf(baseUrl: string): TokenSource {
    return { fetchToken: (request, key, timeoutMs) => this.#call(baseUrl, request, key, timeoutMs) };
  }

  /** The vendor: its answer depends on whose key it is given, and on nothing else. */
  async #call(baseUrl: string, request: TokenRequest, key: Secret, timeoutMs: number): Promise<FetchedToken> {
    const [, name = '', which = '', ...home] = key.reveal().split('/');
    const tenant = name.replace('_', ' ');
    const truth = this.truthOf(tenant);
    this.#watch.note(tenant, `call to ${baseUrl} with key ${which} for ${request.extId ?? 'all'}`);
    this.#watch.judge(() => assert.equal(baseUrl, home.join('/'), 'a key travels to its own account only'));
    const sentAt = this.#clock.now();
    // What is under way when a tenant ceases to exist ends within the deadline.
    const goneForMs = sentAt.monotonicMs - (truth.goneSinceMs ?? Number.POSITIVE_INFINITY);
    this.#watch.judge(() => assert.ok(goneForMs <= DEADLINE_MS, 'an unknown tenant costs no call'));
    if (truth.account === 'hanging') {
      truth.ownFailures.add('NUDGE_TIMEOUT');
      await this.#wait(timeoutMs);
      throw new TransientFailure('NUDGE_TIMEOUT', 'simulated', { isAnswered: false });
    }
    await this.#wait(truth.account === 'slow' ? 900 : 5);
    if (this.rateLimited > 0) {
      this.rateLimited -= 1;
      throw new NudgeAuthError('NUDGE_RATE_LIMITED', 'simulated', { retryAfterMs: 10_000 });
    }
    if (truth.account === 'refusing' && which !== 'fallback') {
      throw this.#failure(truth, 'NUDGE_CREDENTIALS_REJECTED');
    }
    if (truth.account === 'failing') {
      truth.ownFailures.add('NUDGE_UNAVAILABLE');
      throw new TransientFailure('NUDGE_UNAVAILABLE', 'simulated', { isAnswered: true });
    }
    if (truth.account === 'invalid') throw this.#failure(truth, 'NUDGE_BAD_RESPONSE');
    // Counted by user: in which order two users' calls of one moment arrive does not matter.
    const number = (truth.issued.get(request.extId) ?? 0) + 1;
    truth.issued.set(request.extId, number);
    const token = this.#issue(tenant, baseUrl, request, number);
    const claims = readClaims(token);
    // Two tokens of one second expire together: the module refuses the later one when it must be newer.
    if (claims.expiresAtMs <= truth.latestExpiryMs) truth.ownFailures.add('NUDGE_BAD_RESPONSE');
    truth.latestExpiryMs = Math.max(truth.latestExpiryMs, claims.expiresAtMs);
    const receivedAt = this.#clock.now();
    const placed = lifeByVendorTime(claims, { sentAt, receivedAt, date: undefined });
    return { token, claims, arrivedAt: receivedAt, ...placed, keyFingerprint: key.fingerprint };
  }

  #failure(truth: Truth, code: NudgeAuthErrorCode): NudgeAuthError {
    truth.ownFailures.add(code);
    return new NudgeAuthError(code, 'simulated');
  }

  #issue(tenant: string, baseUrl: string, { expiryMins, extId }: TokenRequest, number: number): string {
    const iat = Math.floor(this.#clock.now().wallMs / 1_000);
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const claims = { iat, exp: iat + expiryMins * 60 };
    const token = `${encode({ alg: 'EdDSA', kid: 'simulated' })}.${encode(claims)}.${encode({ tenant, extId, number })}`;
    this.#issued.set(token, { tenant, baseUrl, extId, number });
    return token;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(ms, resolve));
  }
}
