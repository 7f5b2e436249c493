export { MemoryTokenStore } from './memory-token-store.js';
export { FakeNudgeTokenService, type FakeNudgeTokenServiceOptions } from './fake-nudge-token.service.js';
export { ManualClock } from './manual-clock.js';
export { describeTokenStoreContract, type TestFramework } from './token-store-contract.js';
export type { Cancel, Clock, Instant, ScheduleOptions } from '../common/clock.js';
