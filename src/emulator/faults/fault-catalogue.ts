import { ANSWER_FAULTS, type AnswerFault } from './answer-faults.js';
import { BODY_FAULTS, type BodyFault } from './body-faults.js';
import { DELAY_FAULTS, type LatencyFault } from './delay-faults.js';
import type { FaultKind } from './fault-kind.js';
import { CLOCK_FAULTS, DATE_FAULTS, type DateFault, type WrongClockFault } from './time-faults.js';
import { REUSE_FAULTS, TOKEN_FAULTS, type SameTokenFault, type TokenFault } from './token-faults.js';
import { TRANSPORT_FAULTS, type TransportFault } from './transport-faults.js';

/**
 * The faults by layer. At most one of each layer hits a request; those of different layers combine.
 *
 * @publicApi
 */
export interface FaultsByLayer {
  /** How long it takes. */
  readonly delay: LatencyFault;
  /** What stands in for the vendor's own verdict. */
  readonly answer: AnswerFault;
  /** What becomes of the body, whatever the verdict. */
  readonly body: BodyFault;
  /** How the bytes travel. */
  readonly transport: TransportFault;
  /** Whether a token is issued anew. */
  readonly reuse: SameTokenFault;
  /** What a new token says. */
  readonly token: TokenFault;
  /** What time the vendor believes it is. */
  readonly clock: WrongClockFault;
  /** What the `Date` header says of it. */
  readonly date: DateFault;
}

/**
 * The part of an answer that a fault changes.
 *
 * @publicApi
 */
export type FaultLayer = keyof FaultsByLayer;

/**
 * Something that goes wrong on purpose; told apart by `kind`. The same shape in code and in the admin routes' JSON.
 *
 * @publicApi
 */
export type EmulatorFault = FaultsByLayer[FaultLayer];

/**
 * The `kind` of a fault.
 *
 * @publicApi
 */
export type EmulatorFaultKind = EmulatorFault['kind'];

/** One kind of fault, and the layer that it belongs to. */
export interface CataloguedFault extends FaultKind<EmulatorFault> {
  readonly layer: FaultLayer;
}

const LAYERS: {
  readonly [Layer in FaultLayer]: Readonly<
    Record<FaultsByLayer[Layer]['kind'], FaultKind<FaultsByLayer[Layer]>>
  >;
} = {
  delay: DELAY_FAULTS,
  answer: ANSWER_FAULTS,
  body: BODY_FAULTS,
  transport: TRANSPORT_FAULTS,
  reuse: REUSE_FAULTS,
  token: TOKEN_FAULTS,
  clock: CLOCK_FAULTS,
  date: DATE_FAULTS,
};

/** Every kind of fault by its name, in the order of the layers. */
export const FAULT_CATALOGUE: ReadonlyMap<string, CataloguedFault> = new Map(
  Object.entries(LAYERS).flatMap(([layer, kinds]) =>
    Object.entries<FaultKind<EmulatorFault>>(kinds).map(([name, kind]): [string, CataloguedFault] => [
      name,
      { ...kind, layer: layer as FaultLayer },
    ]),
  ),
);

/**
 * The layer of every kind of fault.
 *
 * @publicApi
 */
export const FAULT_LAYERS = Object.fromEntries(
  [...FAULT_CATALOGUE].map(([name, { layer }]) => [name, layer]),
) as { readonly [Kind in EmulatorFaultKind]: FaultLayer };
