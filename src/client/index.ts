export { createRefreshToken, type RefreshToken } from './create-refresh-token.js';
export type {
  RefreshTokenEvent,
  RefreshTokenFailureType,
  RefreshTokenHeaders,
  RefreshTokenHeadersFunction,
  RefreshTokenOptions,
} from './options.js';
export type { RefreshTokenClock } from './clock.js';
export type {
  AbortSignalLike,
  AppStateLike,
  FetchCredentials,
  FetchInit,
  FetchLike,
  FetchResponse,
  HostAbortSignal,
} from './host.js';
