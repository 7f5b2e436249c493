import { fingerprintOf } from '../../common/secret.js';

/** Which requests a fault hits, where not all of them. What is left out matches everything. */
export interface FaultMatcher {
  /** Only requests that carry exactly this key. Shown as a fingerprint wherever faults are listed. */
  readonly apiKey?: string;
  /** Only requests that ask for a token of this user. */
  readonly extId?: string;
}

/** What every fault may carry. */
export interface FaultScope {
  /** How many requests it hits before it ends by itself: a positive integer. Default: until it is cleared or replaced. */
  readonly times?: number;
  /** Default: every request to the token route. */
  readonly only?: FaultMatcher;
}

/** What a fault's `only` is held against. */
export interface FaultSubject {
  readonly apiKey: string | undefined;
  readonly extId: string | undefined;
}

/** Whether a fault is meant for this request. */
export function matches(only: FaultMatcher | undefined, subject: FaultSubject): boolean {
  if (only?.apiKey !== undefined && only.apiKey !== subject.apiKey) return false;
  return only?.extId === undefined || only.extId === subject.extId;
}

/** The matcher as it may be shown. */
export function withoutKey({ apiKey, ...rest }: FaultMatcher): Record<string, unknown> {
  return apiKey === undefined ? rest : { ...rest, apiKeyFingerprint: fingerprintOf(apiKey) };
}
