export { NudgeEmulator, type EmulatorState } from './server/nudge-emulator.js';
export {
  DEFAULT_EMULATOR_API_KEY,
  type AdminAccess,
  type NudgeEmulatorOptions,
} from './server/emulator-options.js';
export type { EmulatorAlgorithm } from './server/signing-keys.js';
export { EmulatorInputError } from './input-error.js';
export { FAULT_LAYERS } from './faults/faults.js';
export type { EmulatorFault, EmulatorFaultKind, FaultLayer, FaultsByLayer } from './faults/faults.js';
export type { FaultMatcher, FaultScope } from './faults/fault-scope.js';
export type {
  DropFault,
  FirewallFault,
  GzipBombFault,
  HangFault,
  LatencyFault,
  NotJsonFault,
  OversizedBodyFault,
  RateLimitFault,
  RedirectFault,
  RetryAfter,
  SlowBodyFault,
  StatusFault,
  TruncatedBodyFault,
  WrongContentTypeFault,
  WrongJsonFault,
} from './faults/answer-faults.js';
export type {
  AgedTokenFault,
  CachedDateFault,
  ExpiredTokenFault,
  GarbageTokenFault,
  NoDateFault,
  SameTokenFault,
  ShrinkingLifeFault,
  TokenLifeFault,
  TokenWithoutExpFault,
  TokenWithoutIatFault,
  WrongClaimsFault,
  WrongClockFault,
} from './faults/token-faults.js';
export type { ListedFault } from './faults/fault-board.js';
export type { EmulatorCounters, EmulatorRequestRecord, RequestOutcome } from './server/request-log.js';
