export { MemoryTokenStore } from '../cache/memory-token-store.js';
export { FakeNudgeTokenService, type FakeNudgeTokenServiceOptions } from './fake-nudge-token.service.js';
export { ManualClock } from './manual-clock.js';
export { describeTokenStoreContract, type TestFramework } from './token-store-contract.js';
export type { Cancel, Clock, Instant, ScheduleOptions } from '../common/clock.js';
export type {
  FleetEgress,
  FleetPause,
  StoredToken,
  StoreSecret,
  TokenLease,
  TokenRecord,
  TokenStore,
  TokenStoreUser,
} from '../cache/token-store.js';
