import { elapsedMs, type Clock } from '../../common/clock.js';
import { fingerprintOf } from '../../common/secret.js';
import type { EmulatorFaultKind } from '../faults/fault-catalogue.js';
import type { ReceivedRequest } from './received-request.js';
import type { IssuedToken } from './token-issuer.js';

/**
 * What became of a request. `pending`: still open. `dropped`: the emulator closed it. `abandoned`: the client left, or the emulator was stopped.
 *
 * @publicApi
 */
export type RequestOutcome = 'pending' | 'answered' | 'dropped' | 'abandoned';

/**
 * One request as it is remembered: no key and no token, only fingerprints of them.
 *
 * @publicApi
 */
export interface EmulatorRequestRecord {
  /** Counts up from 1, across resets. */
  readonly id: number;
  /** Arrival, in epoch milliseconds of the emulator's clock. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** The documented parameters as they were sent; of others only that they were there (`[redacted]`). */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** In lower case, alphabetical; never their values. */
  readonly headerNames: readonly string[];
  readonly apiKeyFingerprint?: string;
  /** The account that has the key, refused or not; absent where none has it. */
  readonly account?: string;
  /** The faults that hit it. */
  readonly faults: readonly EmulatorFaultKind[];
  /** Whether another request was in flight at any moment of this one's life. */
  readonly overlapped: boolean;
  readonly outcome: RequestOutcome;
  /** Absent where no status line was sent (yet). */
  readonly status?: number;
  /** Milliseconds from arrival to its end, whichever it was; absent while it is pending. */
  readonly durationMs?: number;
  /** The key that signed the token issued for it. */
  readonly issuedKid?: string;
  /** Names the token issued for it. */
  readonly tokenFingerprint?: string;
}

/**
 * Totals since the start or the last reset; they go on when the log has dropped its oldest entries.
 *
 * @publicApi
 */
export interface EmulatorCounters {
  /** All requests but those to the admin routes and the JWKS. */
  readonly received: number;
  /** Status lines sent, by status. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Requests that carried a key of an account, by its name. */
  readonly byAccount: Readonly<Record<string, number>>;
  /** Answers that carried a token, the repeated ones of `same-token` included. */
  readonly tokensIssued: number;
  /** How many of them differed. Two tokens of one second, one life and one key are the same; counting stops at 100,000. */
  readonly distinctTokens: number;
  /** The most requests that were ever in flight at once. */
  readonly maxConcurrent: number;
  /** Requests that carried an API key to any other place than the token route: redirects that were followed, wrong paths. */
  readonly keysSeenElsewhere: number;
}

interface Ledger {
  received: number;
  byStatus: Map<number, number>;
  byAccount: Map<string, number>;
  tokensIssued: number;
  tokens: Set<string>;
  maxConcurrent: number;
  keysSeenElsewhere: number;
}

/** Whose key a request carries, and whether it carries it past the token route. */
interface Sender {
  readonly account: string | undefined;
  readonly elsewhere: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A request under way: what is still to be said of it. */
export interface OpenRecord {
  faults(kinds: readonly EmulatorFaultKind[]): void;
  issued(issued: IssuedToken): void;
  status(status: number): void;
  /** Says how it ended; only the first call counts. */
  end(outcome: Exclude<RequestOutcome, 'pending'>): void;
}

const MOST_DISTINCT_TOKENS = 100_000;
const LONGEST_TEXT = 200;
const DOCUMENTED: readonly string[] = ['expiryMins', 'extId'];

/** The last requests and the totals. */
export class RequestLog {
  readonly #inFlight = new Set<Mutable<EmulatorRequestRecord>>();
  #records: Mutable<EmulatorRequestRecord>[] = [];
  #ledger = emptyLedger();
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
    const { byStatus, byAccount, tokens, ...totals } = this.#ledger;
    return {
      ...totals,
      byStatus: Object.fromEntries(byStatus),
      byAccount: Object.fromEntries(byAccount),
      distinctTokens: tokens.size,
    };
  }

  reset(): void {
    this.#records = [];
    this.#ledger = emptyLedger();
  }

  /** Resolves once this many requests have arrived since the start or the last reset. */
  untilReceived(count: number): Promise<void> {
    if (this.#ledger.received >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  open(request: ReceivedRequest, { account, elsewhere }: Sender): OpenRecord {
    const start = this.#clock.now();
    const ledger = this.#ledger;
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

    ledger.received += 1;
    ledger.maxConcurrent = Math.max(ledger.maxConcurrent, this.#inFlight.size);
    if (account !== undefined) countUp(ledger.byAccount, account);
    if (elsewhere && request.apiKey !== undefined) ledger.keysSeenElsewhere += 1;
    return {
      faults: (kinds) => {
        record.faults = kinds;
      },
      issued: ({ token, kid }) => {
        record.tokenFingerprint = fingerprintOf(token);
        if (kid !== undefined) record.issuedKid = kid;
        ledger.tokensIssued += 1;
        if (ledger.tokens.size < MOST_DISTINCT_TOKENS) ledger.tokens.add(record.tokenFingerprint);
      },
      status: (status) => {
        record.status = status;
        countUp(ledger.byStatus, status);
      },
      end: (outcome) => {
        if (record.outcome !== 'pending') return;
        record.outcome = outcome;
        record.durationMs = elapsedMs(start, this.#clock.now());
        this.#inFlight.delete(record);
      },
    };
  }

  /** To be called when all that an arrival brings about has been scheduled. */
  announce(): void {
    const { received } = this.#ledger;
    const due = this.#waiting.filter(({ count }) => count <= received);
    this.#waiting = this.#waiting.filter(({ count }) => count > received);
    for (const { resolve } of due) resolve();
  }
}

function emptyLedger(): Ledger {
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
