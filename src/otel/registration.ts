import type { ModulesContainer } from '@nestjs/core';
import type { Clock } from '../common/clock.js';
import { NUDGE_AUTH_REGISTRATION, NUDGE_CLOCK } from '../common/injection-tokens.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';
import { NudgeAuthEvents } from '../telemetry/events.js';

/** The parts of a registration that the telemetry reads. */
export interface ObservedRegistration {
  /** Its name, or `default` if it has none. */
  readonly name: string;
  readonly tokens: NudgeTokenService;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
}

/** The registrations of an application, with those of modules that were loaded later. */
export function registrationsOf(modules: ModulesContainer): ObservedRegistration[] {
  const found: ObservedRegistration[] = [];
  for (const { providers } of modules.values()) {
    const registration = providers.get(NUDGE_AUTH_REGISTRATION)?.instance as
      NudgeAuthRegistration | undefined;
    const events: unknown = providers.get(NudgeAuthEvents)?.instance;
    const tokens = providers.get(NudgeTokenService)?.instance as NudgeTokenService | undefined;
    // While Nest still loads a module, its instances are missing. A host's test may have replaced any of them.
    if (registration === undefined || !(events instanceof NudgeAuthEvents) || tokens === undefined) continue;
    const clock = providers.get(NUDGE_CLOCK)?.instance as Clock;
    found.push({ name: registration.name ?? 'default', tokens, events, clock });
  }
  return found;
}
