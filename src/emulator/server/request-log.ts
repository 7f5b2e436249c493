import { elapsedMs, type Clock } from '../../common/clock.js';
import { fingerprintOf } from '../../common/secret.js';
import type { EmulatorFaultKind } from '../faults/fault-catalogue.js';
import type { ReceivedRequest } from './received-request.js';
import type { IssuedToken } from './token-issuer.js';

/**
 * How a request ended. `pending`: it has not ended. `dropped`: the emulator closed the connection. `abandoned`: the
 * client left, or the emulator was stopped.
 *
 * @publicApi
 */
export type RequestOutcome = 'pending' | 'answered' | 'dropped' | 'abandoned';

/**
 * One request in the log. It holds fingerprints of keys and tokens, never the key or the token.
 *
 * @publicApi
 */
export interface EmulatorRequestRecord {
  /** A number that counts up from 1. A reset does not change it. */
  readonly id: number;
  /** The time of arrival, in epoch milliseconds of the emulator's clock. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** The documented parameters as the client sent them. The values of other parameters are `[redacted]`. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** The header names in lower case and alphabetical order. The log never holds header values. */
  readonly headerNames: readonly string[];
  readonly apiKeyFingerprint?: string;
  /** The account that has the request's key, refused or not; absent if no account has it. */
  readonly account?: string;
  /** The faults that hit the request. */
  readonly faults: readonly EmulatorFaultKind[];
  /** Whether another request was in flight at the same time. */
  readonly overlapped: boolean;
  readonly outcome: RequestOutcome;
  /** Absent if no status line was sent (yet). */
  readonly status?: number;
  /** Milliseconds from the arrival to the end of the request; absent while the request is pending. */
  readonly durationMs?: number;
  /** The `kid` of the key that signed the issued token. */
  readonly issuedKid?: string;
  /** The fingerprint of the issued token. */
  readonly tokenFingerprint?: string;
}

/**
 * Totals since the start or the last reset. They include requests that the log has dropped.
 *
 * @publicApi
 */
export interface EmulatorCounters {
  /** All requests, except those to the admin routes and the JWKS. */
  readonly received: number;
  /** Answers with a status line, by status. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Requests with the key of an account, by the name of the account. */
  readonly byAccount: Readonly<Record<string, number>>;
  /** Answers with a token, also with a token that the fault `same-token` repeats. */
  readonly tokensIssued: number;
  /** How many different tokens, up to 100,000. Tokens of the same second, life and signing key are equal. */
  readonly distinctTokens: number;
  /** The highest number of requests that were in flight at once. */
  readonly maxConcurrent: number;
  /** Requests with an API key to another path than the token route: a wrong path, or a redirect that was followed. */
  readonly keysSeenElsewhere: number;
}

interface Totals {
  received: number;
  byStatus: Map<number, number>;
  byAccount: Map<string, number>;
  tokensIssued: number;
  tokens: Set<string>;
  maxConcurrent: number;
  keysSeenElsewhere: number;
}

/** The account that has a request's key, and whether the request goes to another path than the token route. */
interface Sender {
  readonly account: string | undefined;
  readonly elsewhere: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The record of a request under way. Its methods complete the record. */
export interface OpenRecord {
  faults(kinds: readonly EmulatorFaultKind[]): void;
  issued(issued: IssuedToken): void;
  status(status: number): void;
  /** Records how the request ended. Only the first call counts. */
  end(outcome: Exclude<RequestOutcome, 'pending'>): void;
}

const MOST_DISTINCT_TOKENS = 100_000;
const LONGEST_TEXT = 200;
const DOCUMENTED: readonly string[] = ['expiryMins', 'extId'];

/** Keeps the last requests and the totals. */
export class RequestLog {
  readonly #inFlight = new Set<Mutable<EmulatorRequestRecord>>();
  #records: Mutable<EmulatorRequestRecord>[] = [];
  #totals = emptyTotals();
  #lastId = 0;
  #waiting: { count: number; resolve: () => void }[] = [];
  readonly #size: number;
  readonly #clock: Clock;

  constructor(size: number, clock: Clock) {
    this.#size = size;
    this.#clock = clock;
  }

  get records(): EmulatorRequestRecord[] {
    return this.#records.map((record) => ({ ...record }));
  }

  get counters(): EmulatorCounters {
    const { byStatus, byAccount, tokens, ...totals } = this.#totals;
    return {
      ...totals,
      byStatus: Object.fromEntries(byStatus),
      byAccount: Object.fromEntries(byAccount),
      distinctTokens: tokens.size,
    };
  }

  reset(): void {
    this.#records = [];
    this.#totals = emptyTotals();
  }

  /** Resolves when this many requests have arrived since the start or the last reset. */
  untilReceived(count: number): Promise<void> {
    if (this.#totals.received >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  open(request: ReceivedRequest, { account, elsewhere }: Sender): OpenRecord {
    const start = this.#clock.now();
    const totals = this.#totals;
    const record: Mutable<EmulatorRequestRecord> = {
      id: ++this.#lastId,
      atMs: start.wallMs,
      method: request.method,
      path: request.path.slice(0, LONGEST_TEXT),
      query: queryOf(request.query),
      headerNames: request.headerNames,
      ...(request.apiKey !== undefined && { apiKeyFingerprint: fingerprintOf(request.apiKey) }),
      ...(account !== undefined && { account }),
      faults: [],
      overlapped: this.#inFlight.size > 0,
      outcome: 'pending',
    };
    for (const other of this.#inFlight) other.overlapped = true;
    this.#inFlight.add(record);
    this.#records.push(record);
    if (this.#records.length > this.#size) this.#records.shift();

    totals.received += 1;
    totals.maxConcurrent = Math.max(totals.maxConcurrent, this.#inFlight.size);
    if (account !== undefined) countUp(totals.byAccount, account);
    if (elsewhere && request.apiKey !== undefined) totals.keysSeenElsewhere += 1;
    return {
      faults: (kinds) => {
        record.faults = kinds;
      },
      issued: ({ token, kid }) => {
        record.tokenFingerprint = fingerprintOf(token);
        if (kid !== undefined) record.issuedKid = kid;
        totals.tokensIssued += 1;
        if (totals.tokens.size < MOST_DISTINCT_TOKENS) totals.tokens.add(record.tokenFingerprint);
      },
      status: (status) => {
        record.status = status;
        countUp(totals.byStatus, status);
      },
      end: (outcome) => {
        if (record.outcome !== 'pending') return;
        record.outcome = outcome;
        record.durationMs = elapsedMs(start, this.#clock.now());
        this.#inFlight.delete(record);
      },
    };
  }

  /** Resolves the calls of `untilReceived`. The router calls it when it has scheduled all work for a new request. */
  announce(): void {
    const { received } = this.#totals;
    const due = this.#waiting.filter(({ count }) => count <= received);
    this.#waiting = this.#waiting.filter(({ count }) => count > received);
    for (const { resolve } of due) resolve();
  }
}

function emptyTotals(): Totals {
  return {
    received: 0,
    byStatus: new Map(),
    byAccount: new Map(),
    tokensIssued: 0,
    tokens: new Set(),
    maxConcurrent: 0,
    keysSeenElsewhere: 0,
  };
}

function countUp<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function queryOf(query: URLSearchParams): Record<string, string[]> {
  const entries = [...new Set(query.keys())].map((name): [string, string[]] => [
    name.slice(0, LONGEST_TEXT),
    query
      .getAll(name)
      .map((value) => (DOCUMENTED.includes(name) ? value.slice(0, LONGEST_TEXT) : '[redacted]')),
  ]);
  return Object.fromEntries(entries);
}
