export { NudgeAuthModule } from './nudge-auth.module.js';
export type { NudgeAuthModuleAsyncOptions, NudgeAuthModuleOptions } from './nudge-auth.module-definition.js';
export type { NudgeAuthExtras } from './nudge-auth.module-definition.js';
export { getNudgeTokenServiceToken, InjectNudgeTokenService } from './nudge-auth.decorators.js';
export {
  NudgeTokenService,
  type NudgeTokenRequest,
  type NudgeTokenSelector,
  type NudgeTokenStatus,
} from './nudge-token.service.js';
export type {
  ApiKeyOption,
  NudgeAuthOptions,
  NudgeAuthOptionsFactory,
  NudgeBudgetOptions,
  NudgeCacheOptions,
  NudgeClientScopeOptions,
  NudgeHttpOptions,
  NudgeUserScopeOptions,
  UserJwtAlgorithm,
  UserJwtOptions,
  UserJwtPayload,
} from './nudge-auth.options.js';
export type { NudgeEndpointOptions, RouteVersion } from './endpoint/endpoint.options.js';
export { NudgeAuthExceptionFilter } from './endpoint/nudge-auth-exception.filter.js';
export { NudgeHttpException } from './endpoint/nudge-http.exception.js';
export { NudgeUserGuard } from './endpoint/nudge-user.guard.js';
export { userJwtFromRequest } from './endpoint/user-jwt-extractor.js';
export type { TokenAnswer } from './endpoint/token-answer.js';
export type { NudgeToken } from './token/nudge-token.js';
export type { TokenStore } from './cache/token-store.js';
export {
  isNudgeAuthError,
  NUDGE_AUTH_ERROR_CODES,
  NudgeAuthError,
  type NudgeAuthErrorCode,
} from './common/errors.js';
export { InvalidNudgeAuthOptionsError, type OptionProblem } from './common/options-error.js';
export { publicKeyObject, secretKeyObject, type KeyMaterial } from './common/verification-keys.js';
