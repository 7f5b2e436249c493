import * as v from 'valibot';
import { oneOf, strictObject, text, wholeNumberFrom } from '../fields.js';

/**
 * Which requests a fault hits, where not all of them. What is left out matches everything.
 *
 * @publicApi
 */
export interface FaultMatcher {
  /** Only requests that carry a key of this account, by its name. */
  readonly account?: string;
  /** Only requests that carry exactly this key. Shown as a fingerprint wherever faults are listed. */
  readonly apiKey?: string;
  /** Only requests that ask for a token of this user. */
  readonly extId?: string;
}

/**
 * What every fault may carry.
 *
 * @publicApi
 */
export interface FaultScope {
  /** How many requests it hits before it ends by itself: a positive integer. Default: until it is cleared or replaced. */
  readonly times?: number;
  /** Default: every request to the token route. */
  readonly only?: FaultMatcher;
}

/** The declaration of one kind of fault. A layer whose kinds differ in behaviour adds a method for it. */
export interface FaultKind<Fault> {
  /**
   * Which values are such a fault, in code and in JSON.
   *
   * @internal
   */
  readonly schema: v.GenericSchema<Fault>;
  /** One such fault, for the documentation. */
  readonly example: Fault;
  /** What the client sees, in Markdown, for the documentation. */
  readonly effect: string;
}

/** A member of a union of faults, by its kind. */
export type FaultOf<Fault extends { kind: string }, Kind> = Extract<Fault, { kind: Kind }>;

/** The declaration of every kind in a union of faults. */
export type FaultKinds<Fault extends { kind: string }> = {
  readonly [Kind in Fault['kind']]: FaultKind<FaultOf<Fault, Kind>>;
};

const SCOPE = {
  times: v.optional(wholeNumberFrom(1)),
  only: v.optional(
    strictObject({ account: v.optional(text), apiKey: v.optional(text), extId: v.optional(text) }),
  ),
};

/**
 * A fault of this kind with these fields of its own, and the fields that every fault may have.
 *
 * @internal
 */
export function faultSchema<Kind extends string, Fields extends v.ObjectEntries>(kind: Kind, fields: Fields) {
  return strictObject({ kind: oneOf(kind), ...fields, ...SCOPE });
}
