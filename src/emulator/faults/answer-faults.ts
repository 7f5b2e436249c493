import type { FaultScope } from './fault-scope.js';

/** A `Retry-After` header. At most one of the two may be given. */
export interface RetryAfter {
  /** Seconds, an integer; negative ones are sent as they are, or as a date in the past. */
  readonly retryAfterS?: number;
  /** How `retryAfterS` is written: as a number (the default), or as an HTTP date by the emulator's own clock. */
  readonly retryAfterForm?: 'seconds' | 'http-date';
  /** The header's value as it stands, sense or nonsense. */
  readonly retryAfterText?: string;
}

/** The answer takes its time. */
export interface LatencyFault extends FaultScope {
  readonly kind: 'latency';
  /** Milliseconds, 0 or more. */
  readonly latencyMs: number;
  /**
   * Which way is slow. `request` (the default): the token is issued after the wait. `response`: it is issued, and the
   * `Date` header taken, before the wait.
   */
  readonly leg?: 'request' | 'response';
}

/** Any status, with a body of `{"message"}`. Neither key nor parameters are looked at. */
export interface StatusFault extends FaultScope, RetryAfter {
  readonly kind: 'status';
  /** 200 to 599. */
  readonly status: number;
  /** Default: a text that names the status. */
  readonly message?: string;
}

/** 429, as beyond the vendor's limit. */
export interface RateLimitFault extends FaultScope, RetryAfter {
  readonly kind: 'rate-limit';
}

/** A redirect, by default to a route of the emulator that records whether the key was sent along. */
export interface RedirectFault extends FaultScope {
  readonly kind: 'redirect';
  /** Default 302. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
  /** Default: the emulator's own `/redirect-target`. */
  readonly location?: string;
}

/** A refusal in HTML, as a firewall in front of the vendor would write it. */
export interface FirewallFault extends FaultScope {
  readonly kind: 'firewall';
  /** 400 to 599, default 403. */
  readonly status?: number;
}

/** A body under another content type. */
export interface WrongContentTypeFault extends FaultScope {
  readonly kind: 'wrong-content-type';
  /** Default `text/html; charset=utf-8`. */
  readonly contentType?: string;
  /** Default: the body that would have been sent anyway, a good token included. */
  readonly body?: string;
}

/** A body that says it is JSON and is not. */
export interface NotJsonFault extends FaultScope {
  readonly kind: 'not-json';
  /** Default: an object that ends in the middle. */
  readonly body?: string;
}

/** JSON of another shape than the vendor's. */
export interface WrongJsonFault extends FaultScope {
  readonly kind: 'wrong-json';
  /** Any JSON value, sent as the body. */
  readonly json: unknown;
}

/** A body of the right shape and far too large: the object is padded. */
export interface OversizedBodyFault extends FaultScope {
  readonly kind: 'oversized-body';
  /** At least this many bytes, up to 256 MiB. Default 131072 (128 KiB). */
  readonly sizeBytes?: number;
}

/** The same, compressed: a few KiB on the wire. Sent with `Content-Encoding: gzip` whatever the client accepts. */
export interface GzipBombFault extends FaultScope {
  readonly kind: 'gzip-bomb';
  /** At least this many bytes once unpacked, up to 256 MiB. Default 10485760 (10 MiB). */
  readonly unpackedBytes?: number;
}

/** The connection is closed without an answer, or in the middle of one (a chunked body that never ends). */
export interface DropFault extends FaultScope {
  readonly kind: 'drop';
  /** Default `before-answer`. */
  readonly when?: 'before-answer' | 'mid-body';
}

/** The connection stays open and nothing comes, at all or after half of the body. */
export interface HangFault extends FaultScope {
  readonly kind: 'hang';
  /** Default `before-answer`. */
  readonly when?: 'before-answer' | 'mid-body';
}

/** The body arrives in small pieces. */
export interface SlowBodyFault extends FaultScope {
  readonly kind: 'slow-body';
  /** Milliseconds between two pieces; default 100. */
  readonly intervalMs?: number;
  /** Bytes in a piece; default 16. */
  readonly chunkBytes?: number;
}

/** `Content-Length` promises more than is sent; then the connection is closed in an orderly way. */
export interface TruncatedBodyFault extends FaultScope {
  readonly kind: 'truncated-body';
  /** Bytes promised beyond the real body; default 64. */
  readonly missingBytes?: number;
}

/** The layers of these faults. */
export const ANSWER_FAULT_LAYERS = {
  latency: 'delay',
  status: 'answer',
  'rate-limit': 'answer',
  redirect: 'answer',
  firewall: 'answer',
  'wrong-content-type': 'body',
  'not-json': 'body',
  'wrong-json': 'body',
  'oversized-body': 'body',
  'gzip-bomb': 'body',
  drop: 'transport',
  hang: 'transport',
  'slow-body': 'transport',
  'truncated-body': 'transport',
} as const;
