export { NudgeEmulator, type EmulatorState } from './server/nudge-emulator.js';
export {
  DEFAULT_EMULATOR_API_KEY,
  type AdminAccess,
  type NudgeEmulatorOptions,
} from './server/emulator-options.js';
export type { EmulatorAccount, EmulatorAccountState } from './server/account.js';
export type { EmulatorAlgorithm } from './server/signing-keys.js';
export type { EmulatorCounters, EmulatorRequestRecord, RequestOutcome } from './server/request-log.js';
export { EmulatorInputError } from './input-error.js';
export { FAULT_LAYERS } from './faults/fault-catalogue.js';
export type {
  EmulatorFault,
  EmulatorFaultKind,
  FaultLayer,
  FaultsByLayer,
} from './faults/fault-catalogue.js';
export type { ListedFault } from './faults/fault-board.js';
export type { FaultMatcher, FaultScope } from './faults/fault-kind.js';
export type { LatencyFault } from './faults/delay-faults.js';
export type {
  AnswerFault,
  FirewallFault,
  RateLimitFault,
  RedirectFault,
  RetryAfter,
  StatusFault,
} from './faults/answer-faults.js';
export type {
  BodyFault,
  GzipBombFault,
  NotJsonFault,
  OversizedBodyFault,
  WrongContentTypeFault,
  WrongJsonFault,
} from './faults/body-faults.js';
export type {
  DropFault,
  HangFault,
  SlowBodyFault,
  TransportFault,
  TruncatedBodyFault,
} from './faults/transport-faults.js';
export type {
  AgedTokenFault,
  ExpiredTokenFault,
  GarbageTokenFault,
  SameTokenFault,
  ShrinkingLifeFault,
  TokenFault,
  TokenLifeFault,
  TokenWithoutExpFault,
  TokenWithoutIatFault,
  WrongClaimsFault,
} from './faults/token-faults.js';
export type { CachedDateFault, DateFault, NoDateFault, WrongClockFault } from './faults/time-faults.js';
