import {
  ANSWER_FAULT_LAYERS,
  type DropFault,
  type FirewallFault,
  type GzipBombFault,
  type HangFault,
  type LatencyFault,
  type NotJsonFault,
  type OversizedBodyFault,
  type RateLimitFault,
  type RedirectFault,
  type SlowBodyFault,
  type StatusFault,
  type TruncatedBodyFault,
  type WrongContentTypeFault,
  type WrongJsonFault,
} from './answer-faults.js';
import {
  TOKEN_FAULT_LAYERS,
  type AgedTokenFault,
  type CachedDateFault,
  type ExpiredTokenFault,
  type GarbageTokenFault,
  type NoDateFault,
  type SameTokenFault,
  type ShrinkingLifeFault,
  type TokenLifeFault,
  type TokenWithoutExpFault,
  type TokenWithoutIatFault,
  type WrongClaimsFault,
  type WrongClockFault,
} from './token-faults.js';

/** The faults by layer. At most one of each layer hits a request; those of different layers combine. */
export interface FaultsByLayer {
  /** How long it takes. */
  readonly delay: LatencyFault;
  /** What stands in for the vendor's own verdict. */
  readonly answer: StatusFault | RateLimitFault | RedirectFault | FirewallFault;
  /** What becomes of the body, whatever the verdict. */
  readonly body: WrongContentTypeFault | NotJsonFault | WrongJsonFault | OversizedBodyFault | GzipBombFault;
  /** How the bytes travel. */
  readonly transport: DropFault | HangFault | SlowBodyFault | TruncatedBodyFault;
  /** Whether a token is issued anew. */
  readonly reuse: SameTokenFault;
  /** What a new token says. */
  readonly token:
    | ExpiredTokenFault
    | TokenLifeFault
    | AgedTokenFault
    | ShrinkingLifeFault
    | TokenWithoutExpFault
    | TokenWithoutIatFault
    | WrongClaimsFault
    | GarbageTokenFault;
  /** What time the vendor believes it is. */
  readonly clock: WrongClockFault;
  /** What the `Date` header says of it. */
  readonly date: NoDateFault | CachedDateFault;
}

export type FaultLayer = keyof FaultsByLayer;

/** Something that goes wrong on purpose; told apart by `kind`. The same shape in code and in the admin routes' JSON. */
export type EmulatorFault = FaultsByLayer[FaultLayer];

export type EmulatorFaultKind = EmulatorFault['kind'];

/** The layer of every kind of fault. */
export const FAULT_LAYERS: { readonly [Kind in EmulatorFaultKind]: FaultLayer } = {
  ...ANSWER_FAULT_LAYERS,
  ...TOKEN_FAULT_LAYERS,
};
