import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import { InvalidNudgeAuthOptionsError } from '../common/options-error.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import { MODULE_OPTIONS_TOKEN, subjectOf } from './module-definition.js';

/**
 * Stops a boot whose options depend on the request. Nest would then make the whole module anew for every request: with a
 * cache, a budget and a verifier of its own, and with no hook that ever runs. So this class depends on nothing that
 * depends on the options.
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

  /** @throws {InvalidNudgeAuthOptionsError} where the options are made for a request, durable ones included. */
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
          'would fetch a token of its own: inject what lives as long as the application. For an API key per customer use ' +
          "the option tenants, for a token per user scope 'user' with extId: both are functions of the request",
      },
    ]);
  }
}
