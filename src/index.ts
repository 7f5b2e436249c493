export { NudgeAuthModule } from './module/nudge-auth.module.js';
export type { NudgeAuthModuleAsyncOptions, NudgeAuthModuleOptions } from './module/module-definition.js';
export { getNudgeTokenServiceToken, InjectNudgeTokenService } from './service/inject-nudge-token-service.js';
export {
  NudgeTokenService,
  type HeldTokenStatus,
  type NudgeTokenRequest,
  type NudgeTokenSelector,
  type NudgeTokenStatus,
} from './service/nudge-token.service.js';
export type {
  NudgeAuthOptions,
  NudgeAuthOptionsFactory,
  NudgeClientScopeOptions,
  NudgeTenantsClientScopeOptions,
  NudgeTenantsUserScopeOptions,
  NudgeUserScopeOptions,
} from './options/nudge-auth.options.js';
export type { NudgeTenantsOptions, TenantConfig } from './options/tenants.options.js';
export type { ApiKeyOption } from './options/api-key-rule.js';
export type { NudgeBudgetOptions } from './options/budget.options.js';
export type { NudgeCacheOptions } from './options/cache.options.js';
export type { NudgeConnectionOptions } from './options/connection.options.js';
export type { NudgeEndpointOptions, RouteVersion } from './options/endpoint.options.js';
export type { NudgeHttpOptions } from './options/http.options.js';
export type { NudgeAuthExtras } from './options/module-extras.options.js';
export type { UserJwtAlgorithm } from './options/user-jwt-algorithms.js';
export type { UserJwtOptions, UserJwtPayload } from './options/user-jwt.options.js';
export { NudgeAuthExceptionFilter } from './endpoint/nudge-auth-exception.filter.js';
export { NudgeHttpException } from './http/nudge-http.exception.js';
export { NudgeUserGuard, NudgeUserGuardFor } from './user-auth/nudge-user.guard.js';
export type { RequestWithHeaders } from './user-auth/incoming-request.js';
export { userJwtFromRequest } from './user-auth/user-jwt-extractor.js';
export { recordIssued } from './audit/record-issued.js';
export type { IssuedToken } from './audit/audit-trail.js';
export type { AuditRecord, NudgeAuditOptions } from './options/audit.options.js';
export type { TokenAnswer } from './endpoint/token-answer.js';
export type { NudgeToken } from './token/nudge-token.js';
export type {
  SharedAdmission,
  SharedCallLimits,
  StoredToken,
  StoreSecret,
  TokenLease,
  TokenRecord,
  TokenStore,
  TokenStoreUser,
} from './store/token-store.js';
export type { CallUrgency } from './vendor/call-budget.js';
export type {
  ApiKeyRole,
  AuditDropReason,
  NudgeAuthEvent,
  RenewalReason,
  UserKeysFailure,
} from './telemetry/events.js';
export type { StatusSummary, UserKeysStatus } from './telemetry/status-board.js';
export {
  isNudgeAuthError,
  NUDGE_AUTH_ERROR_CODES,
  NudgeAuthError,
  type NudgeAuthErrorCode,
  type NudgeAuthErrorDetails,
} from './common/errors.js';
export { InvalidNudgeAuthOptionsError, type OptionProblem } from './common/options-error.js';
export { publicKeyObject, secretKeyObject, type KeyMaterial } from './common/verification-keys.js';
