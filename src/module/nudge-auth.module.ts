import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import passport from 'passport';
import { TokenCache } from '../cache/token-cache.js';
import { warmUp } from '../cache/warm-up.js';
import type { Clock, Random } from '../common/clock.js';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import { assertGuards } from '../user-auth/assert-guards.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import { retireHostStrategy, withdrawStrategy } from '../user-auth/host-strategy.js';
import { NudgeUserStrategy, strategyNameOf } from '../user-auth/nudge-user.strategy.js';
import type { UserJwtVerifier } from '../user-auth/user-jwt-verifier.js';
import {
  NUDGE_AUTH_OPTIONS,
  NUDGE_AUTH_REGISTRATION,
  NUDGE_CLOCK,
  NUDGE_RANDOM,
  NUDGE_USER_VERIFIER,
} from '../common/injection-tokens.js';
import {
  assertAsyncOptions,
  ConfigurableModuleClass,
  subjectOf,
  type NudgeAuthModuleAsyncOptions,
  type NudgeAuthModuleOptions,
} from './module-definition.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { nudgeAuthProviders } from './providers.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';

/**
 * Hands Nudge tokens to the users of a Nest application: an injectable `NudgeTokenService`, and the guarded endpoint
 * `GET nudge/token`.
 *
 * @example
 * NudgeAuthModule.forRootAsync({
 *   inject: [ConfigService],
 *   useFactory: (config: ConfigService) => ({ apiKey: config.getOrThrow('NUDGE_API_KEY'), defaultExpiryMins: 60 }),
 * })
 */
@Module({ providers: nudgeAuthProviders })
export class NudgeAuthModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly #strategyName: string;
  readonly #strategy: NudgeUserStrategy | undefined;

  constructor(
    @Inject(NUDGE_AUTH_OPTIONS) private readonly options: ResolvedNudgeAuthOptions,
    @Inject(NUDGE_AUTH_REGISTRATION) private readonly registration: NudgeAuthRegistration,
    @Inject(NUDGE_USER_VERIFIER) verifier: UserJwtVerifier | undefined,
    @Inject(NUDGE_RANDOM) random: Random,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(TokenCache) private readonly cache: TokenCache,
    @Inject(NudgeTokenService) private readonly tokens: NudgeTokenService,
    @Inject(NUDGE_CLOCK) private readonly clock: Clock,
  ) {
    super();
    this.#assertUniqueness();
    this.#assertOneGuard();
    const logger = new Logger(subjectOf(registration.name));
    for (const warning of options.warnings) logger.warn(warning);
    this.#strategyName = strategyNameOf(registration.name);
    if (verifier !== undefined) {
      this.#strategy = new NudgeUserStrategy(verifier, random);
      passport.use(this.#strategyName, this.#strategy);
    }
  }

  /**
   * The module with options that are known when it is declared.
   *
   * @throws {InvalidNudgeAuthOptionsError} for the static extras here, for all else at boot: every problem at once.
   */
  static override forRoot(options: NudgeAuthModuleOptions): DynamicModule {
    // Nothing at all is reported at boot, with whatever else is wrong, and not as a TypeError of the builder.
    return super.forRoot(options ?? {});
  }

  /**
   * The module with options from a factory, a class or an existing provider: ConfigService, a secret manager, a
   * database. `endpoint`, `isGlobal`, `imports` and `name` stand beside the factory, not in what it returns.
   *
   * @throws {InvalidNudgeAuthOptionsError} for the static extras here, for all else at boot: every problem at once.
   */
  static override forRootAsync(options: NudgeAuthModuleAsyncOptions): DynamicModule {
    assertAsyncOptions(options);
    return super.forRootAsync(options);
  }

  async onApplicationBootstrap(): Promise<void> {
    assertGuards(this.modules, this.registration);
    const { warmUp: how } = this.options;
    if (how === false) return;
    const firstToken = warmUp(() => this.tokens.getToken(), this.clock);
    // Behind the boot's back nobody is there to be told; the log lines say how it went.
    if (how === 'background') firstToken.catch(() => undefined);
    else await firstToken;
  }

  onModuleDestroy(): void {
    retireHostStrategy(this.modules);
  }

  /** After the server has closed: until then requests may still need a token. */
  async onApplicationShutdown(): Promise<void> {
    await this.cache.close();
    await this.options.store?.close();
    if (this.#strategy !== undefined) withdrawStrategy(this.#strategyName, this.#strategy);
  }

  /** Nest never merges two dynamic modules: Express would serve the first of two routes, Fastify throw. */
  #assertUniqueness(): void {
    const others = [...this.modules.values()]
      .filter((module) => module.metatype === NudgeAuthModule)
      .map((module) => module.providers.get(NUDGE_AUTH_REGISTRATION)?.instance as NudgeAuthRegistration)
      .filter((registration) => registration !== this.registration);
    const { name, endpoint } = this.registration;
    if (others.some((other) => other.name === name)) {
      const which = name === undefined ? 'without a name' : `with the name "${name}"`;
      throw new InvalidNudgeAuthOptionsError(subjectOf(name), [
        {
          path: 'name',
          message:
            `two registrations ${which} are imported: import one (isGlobal: true lets every module use it), ` +
            'or give each a name of its own',
        },
      ]);
    }
    const path = endpoint?.path.toLowerCase();
    if (path !== undefined && others.some((other) => other.endpoint?.path.toLowerCase() === path)) {
      throw new InvalidNudgeAuthOptionsError(subjectOf(name), [
        {
          path: 'endpoint.path',
          message: `another registration answers at "${path}" already: choose another path`,
        },
      ]);
    }
  }

  #assertOneGuard(): void {
    if (this.options.userJwt === undefined || this.registration.endpoint?.guards === undefined) return;
    throw new InvalidNudgeAuthOptionsError(subjectOf(this.registration.name), [
      {
        path: 'userJwt',
        message:
          'is given beside endpoint.guards, which replace the guard that would use it: remove one of the two, ' +
          "or put AuthGuard('nudge-user') among your guards' routes and set endpoint to false",
      },
    ]);
  }
}
