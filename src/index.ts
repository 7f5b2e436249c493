export { NudgeAuthModule } from './module/nudge-auth.module.js';
export type { NudgeAuthModuleAsyncOptions, NudgeAuthModuleOptions } from './module/module-definition.js';
export type { NudgeAuthExtras } from './module/module-definition.js';
export { getNudgeTokenServiceToken, InjectNudgeTokenService } from './service/inject-nudge-token-service.js';
export {
  NudgeTokenService,
  type NudgeTokenRequest,
  type NudgeTokenSelector,
  type NudgeTokenStatus,
} from './service/nudge-token.service.js';
export type {
  ApiKeyOption,
  NudgeAuthOptions,
  NudgeAuthOptionsFactory,
  NudgeBudgetOptions,
  NudgeCacheOptions,
  NudgeClientScopeOptions,
  NudgeConnectionOptions,
  NudgeHttpOptions,
  NudgeTenantsClientScopeOptions,
  NudgeTenantsUserScopeOptions,
  NudgeUserScopeOptions,
  UserJwtAlgorithm,
  UserJwtOptions,
  UserJwtPayload,
} from './options/nudge-auth.options.js';
export type { NudgeTenantsOptions, TenantConfig } from './options/tenants.options.js';
export type { NudgeEndpointOptions, RouteVersion } from './options/endpoint.options.js';
export { NudgeAuthExceptionFilter } from './endpoint/nudge-auth-exception.filter.js';
export { NudgeHttpException } from './http/nudge-http.exception.js';
export { NudgeUserGuard, NudgeUserGuardFor } from './user-auth/nudge-user.guard.js';
export { userJwtFromRequest } from './user-auth/user-jwt-extractor.js';
export type { TokenAnswer } from './endpoint/token-answer.js';
export type { NudgeToken } from './token/nudge-token.js';
export type { TokenStore } from './store/token-store.js';
export {
  isNudgeAuthError,
  NUDGE_AUTH_ERROR_CODES,
  NudgeAuthError,
  type NudgeAuthErrorCode,
} from './common/errors.js';
export { InvalidNudgeAuthOptionsError, type OptionProblem } from './common/options-error.js';
export { publicKeyObject, secretKeyObject, type KeyMaterial } from './common/verification-keys.js';
