import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { AuditTrail } from '../audit/audit-trail.js';
import { registerAuditTrail } from '../audit/record-issued.js';
import { TokenCache } from '../cache/token-cache.js';
import { warmUp } from '../cache/warm-up.js';
import type { Clock, Random } from '../common/clock.js';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import { assertGuards } from '../user-auth/assert-guards.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import { hasGlobalGuards } from '../user-auth/global-guards.js';
import { registerUserStrategy } from '../user-auth/named-strategy.js';
import { servesHttp } from '../user-auth/serves-http.js';
import { noteBoot, noteBootstrap, noteClose } from '../user-auth/strategy-owners.js';
import { UserAuthentication } from '../user-auth/user-authentication.js';
import {
  NUDGE_AUTH_OPTIONS,
  NUDGE_AUTH_REGISTRATION,
  NUDGE_CLOCK,
  NUDGE_RANDOM,
} from '../common/injection-tokens.js';
import { assertAsyncOptions, withFactoryMethodChecked } from './async-options.js';
import {
  ConfigurableModuleClass,
  subjectOf,
  type NudgeAuthModuleAsyncOptions,
  type NudgeAuthModuleOptions,
} from './module-definition.js';
import type { ResolvedNudgeAuthOptions } from '../options/resolve-options.js';
import { nudgeAuthProviders } from './providers.js';
import { HostLogger } from '../service/host-logger.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { Tenants } from '../tenants/tenants.js';

/**
 * Hands Nudge tokens to the users of a Nest application: an injectable `NudgeTokenService`, and the guarded endpoint
 * `GET nudge/token`.
 *
 * @example
 * NudgeAuthModule.forRootAsync({
 *   inject: [ConfigService],
 *   useFactory: (config: ConfigService) => ({ apiKey: config.getOrThrow('NUDGE_API_KEY'), defaultExpiryMins: 60 }),
 * })
 *
 * @publicApi
 */
@Module({ providers: nudgeAuthProviders })
export class NudgeAuthModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  #withdrawStrategy: (() => void) | undefined;

  /** @internal Nest creates the module. */
  constructor(
    @Inject(NUDGE_AUTH_OPTIONS) private readonly options: ResolvedNudgeAuthOptions,
    @Inject(NUDGE_AUTH_REGISTRATION) private readonly registration: NudgeAuthRegistration,
    @Inject(UserAuthentication) private readonly users: UserAuthentication,
    @Inject(NUDGE_RANDOM) private readonly random: Random,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(TokenCache) private readonly cache: TokenCache | undefined,
    @Inject(NudgeTokenService) private readonly tokens: NudgeTokenService,
    @Inject(NUDGE_CLOCK) private readonly clock: Clock,
    @Inject(NudgeAuthEvents) private readonly events: NudgeAuthEvents,
    @Inject(AuditTrail) private readonly audit: AuditTrail | undefined,
    @Inject(Tenants) private readonly tenants: Tenants | undefined,
  ) {
    super();
    noteBoot(modules);
    if (audit !== undefined) registerAuditTrail(tokens, audit);
    this.#assertUniqueness();
    this.#assertOneGuard();
    const logger = new HostLogger(subjectOf(registration.name));
    for (const alarm of options.alarms) logger.error(alarm);
    for (const warning of options.warnings) logger.warn(warning);
  }

  /**
   * The module with options that are known when it is declared.
   *
   * @throws {InvalidNudgeAuthOptionsError} with every problem at once: here for the static extras, at boot for the rest.
   */
  static override forRoot(options: NudgeAuthModuleOptions): DynamicModule {
    // A call without options then fails at boot with the list of every problem, not here with a TypeError of the builder.
    return super.forRoot(options ?? {});
  }

  /**
   * The module with options from a factory, a class or an existing provider: ConfigService, a secret manager, a
   * database. `endpoint`, `isGlobal`, `imports` and `name` stand beside the factory, not in what it returns.
   *
   * @throws {InvalidNudgeAuthOptionsError} with every problem at once: here for the static extras, at boot for the rest.
   */
  static override forRootAsync(options: NudgeAuthModuleAsyncOptions): DynamicModule {
    assertAsyncOptions(options);
    return withFactoryMethodChecked(super.forRootAsync(options), options);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (servesHttp(this.adapterHost)) {
      assertGuards(this.modules, this.registration, hasGlobalGuards(this.moduleRef));
    }
    noteBootstrap(this.modules);
    this.cache?.open();
    this.tenants?.open();
    await this.#warmUp();
    this.#registerStrategy();
  }

  async #warmUp(): Promise<void> {
    const { warmUp: how } = this.options;
    if (how === false) return;
    const firstToken = warmUp(() => this.tokens.getToken(), this.clock);
    // In the background no caller waits for the result. The log lines report a failure.
    if (how === 'background') firstToken.catch(() => undefined);
    else await firstToken;
  }

  onModuleDestroy(): void {
    noteClose(this.modules);
  }

  /** Runs after the server has closed: until then a request may still need a token. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.audit?.close(), this.cache?.close(), this.tenants?.close()]);
    await this.options.store?.close();
    this.#withdrawStrategy?.();
    this.events.emit({ type: 'closed' });
  }

  /** Is the last step of the boot, so that a boot that fails has registered no strategy. */
  #registerStrategy(): void {
    const name = this.options.userJwt?.strategyName;
    if (name === undefined) return;
    const { users, random, modules } = this;
    const subject = subjectOf(this.registration.name);
    this.#withdrawStrategy = registerUserStrategy(name, { users, random, modules, subject });
  }

  /** Stops the boot for two equal names or paths: with equal paths Express would serve the first route, Fastify throw. */
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
            'or give each a different name',
        },
      ]);
    }
    const twin = others.find(
      (other) => endpoint !== undefined && other.endpoint?.controllerName === endpoint.controllerName,
    );
    if (twin !== undefined) {
      throw new InvalidNudgeAuthOptionsError(subjectOf(name), [
        {
          path: 'name',
          message:
            `"${String(twin.name)}" and "${String(name)}" give one class name, ${String(endpoint?.controllerName)}, by which ` +
            'throttlers and OpenAPI tell routes apart: choose names that differ in more than - and _ and the first letter',
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
          'or set endpoint to false and put NudgeUserGuard on your own routes',
      },
    ]);
  }
}
