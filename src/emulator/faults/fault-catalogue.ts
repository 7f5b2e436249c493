import { ANSWER_FAULTS, type AnswerFault } from './answer-faults.js';
import { BODY_FAULTS, type BodyFault } from './body-faults.js';
import { DELAY_FAULTS, type LatencyFault } from './delay-faults.js';
import type { FaultKind } from './fault-kind.js';
import { CLOCK_FAULTS, DATE_FAULTS, type DateFault, type WrongClockFault } from './time-faults.js';
import { REUSE_FAULTS, TOKEN_FAULTS, type SameTokenFault, type TokenFault } from './token-faults.js';
import { TRANSPORT_FAULTS, type TransportFault } from './transport-faults.js';

/**
 * The faults by layer. At most one fault of each layer hits a request. Faults of different layers combine.
 *
 * @publicApi
 */
export interface FaultsByLayer {
  /** Delays the answer. */
  readonly delay: LatencyFault;
  /** Replaces the vendor's normal answer. */
  readonly answer: AnswerFault;
  /** Changes the body, also of a refusal. */
  readonly body: BodyFault;
  /** Changes how the bytes are sent. */
  readonly transport: TransportFault;
  /** Repeats an issued token. */
  readonly reuse: SameTokenFault;
  /** Changes the content of a new token. */
  readonly token: TokenFault;
  /** Changes the vendor's clock. */
  readonly clock: WrongClockFault;
  /** Changes the `Date` header. */
  readonly date: DateFault;
}

/**
 * The part of an answer that a fault changes.
 *
 * @publicApi
 */
export type FaultLayer = keyof FaultsByLayer;

/**
 * A failure that the emulator plays on request. `kind` says which one. Code and the admin routes use the same fields.
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
