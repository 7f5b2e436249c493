export { NudgeEmulator, type EmulatorState } from './nudge-emulator.js';
export { DEFAULT_EMULATOR_API_KEY, type AdminAccess, type NudgeEmulatorOptions } from './emulator-options.js';
export type { EmulatorAlgorithm } from './signing-keys.js';
export { EmulatorInputError } from './input-error.js';
export { FAULT_LAYERS } from './faults.js';
export type { EmulatorFault, EmulatorFaultKind, FaultLayer, FaultsByLayer } from './faults.js';
export type { FaultMatcher, FaultScope } from './fault-scope.js';
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
} from './answer-faults.js';
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
} from './token-faults.js';
export type { ListedFault } from './fault-board.js';
export type { EmulatorCounters, EmulatorRequestRecord, RequestOutcome } from './request-log.js';
