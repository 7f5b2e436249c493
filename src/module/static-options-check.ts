import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import { MODULE_OPTIONS_TOKEN, subjectOf } from './module-definition.js';

/**
 * Stops the boot if the options depend on the request. Nest would create the whole module anew for every request, with a
 * new cache, budget and verifier, and would never run its hooks. This class does not depend on the options, so Nest
 * creates it once and runs its hook.
 */
@Injectable()
export class StaticOptionsCheck implements OnModuleInit {
  readonly #modules: ModulesContainer;
  readonly #registration: NudgeAuthRegistration;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(NUDGE_AUTH_REGISTRATION) registration: NudgeAuthRegistration,
  ) {
    this.#modules = modules;
    this.#registration = registration;
  }

  /** @throws {InvalidNudgeAuthOptionsError} if the provider of the options has request scope, durable or not. */
  onModuleInit(): void {
    const own = [...this.#modules.values()].find(
      ({ providers }) => providers.get(NUDGE_AUTH_REGISTRATION)?.instance === this.#registration,
    );
    if (own?.providers.get(MODULE_OPTIONS_TOKEN)?.isDependencyTreeStatic() !== false) return;
    throw new InvalidNudgeAuthOptionsError(subjectOf(this.#registration.name), [
      {
        path: 'options',
        message:
          'depend on the request (inject: [REQUEST], or a provider of request scope, durable or not), so that every request ' +
          'would fetch a new token: inject only providers that live as long as the application. For an API key per customer ' +
          "use the option tenants, for a token per user use scope 'user' with extId: both are functions of the request",
      },
    ]);
  }
}
