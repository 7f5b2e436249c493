import { registerAs } from '#peers/@nestjs/config';
import type { ConfigFactoryKeyHost } from '@nestjs/config';
import type { NudgeClientScopeOptions } from '../options/nudge-auth.options.js';
import { readEnvironmentOptions } from '../options/environment.js';

/**
 * The module's options, read from the environment alone: `NUDGE_API_KEY`, `NUDGE_FALLBACK_API_KEY`,
 * `NUDGE_DEFAULT_EXPIRY_MINS`, `NUDGE_BASE_URL` and `NUDGE_ALLOW_INSECURE_BASE_URL` (`true` or `false`). Each variable
 * may end in `_FILE` instead and hold the path of a mounted secret. An empty variable counts as not set. A `.env` file
 * takes effect when the application imports `ConfigModule.forRoot()`.
 *
 * @example
 * imports: [ConfigModule.forRoot(), NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider())]
 *
 * @throws {InvalidNudgeAuthOptionsError} at boot: when a file cannot be read, or a variable and its file are both set.
 *
 * @publicApi
 */
export const nudgeAuthConfig: (() => NudgeClientScopeOptions) &
  ConfigFactoryKeyHost<NudgeClientScopeOptions> = registerAs('nudgeAuth', () => readEnvironmentOptions());
