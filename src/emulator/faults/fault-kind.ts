import * as v from 'valibot';
import { oneOf, strictObject, text, wholeNumberFrom } from '../fields.js';

/**
 * Which requests a fault hits. A field that is left out matches every request.
 *
 * @publicApi
 */
export interface FaultMatcher {
  /** Only requests with a key of the account of this name. */
  readonly account?: string;
  /** Only requests with exactly this key. Lists of faults show the key's fingerprint. */
  readonly apiKey?: string;
  /** Only requests that ask for a token of this user. */
  readonly extId?: string;
}

/**
 * The fields that every fault may have.
 *
 * @publicApi
 */
export interface FaultScope {
  /** How many requests the fault hits: a positive integer. Default: all, until the fault is cleared or replaced. */
  readonly times?: number;
  /** Default: every request to the token route. */
  readonly only?: FaultMatcher;
}

/** The declaration of one kind of fault. A layer whose kinds behave differently adds the method that plays them. */
export interface FaultKind<Fault> {
  /**
   * The rules for the fields of such a fault, in code and in JSON.
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
 * The schema of a fault of this kind, with its special fields and the fields that every fault may have.
 *
 * @internal
 */
export function faultSchema<Kind extends string, Fields extends v.ObjectEntries>(kind: Kind, fields: Fields) {
  return strictObject({ kind: oneOf(kind), ...fields, ...SCOPE });
}
