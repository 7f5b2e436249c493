import type { ModulesContainer } from '@nestjs/core';
import type { Clock } from '../common/clock.js';
import { NUDGE_AUTH_REGISTRATION, NUDGE_CLOCK } from '../common/injection-tokens.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
import { NudgeTokenService } from '../service/nudge-token.service.js';
import { NudgeAuthEvents } from '../telemetry/events.js';

/** What is measured of one registration. */
export interface ObservedRegistration {
  /** Its name, `default` without one. */
  readonly name: string;
  readonly tokens: NudgeTokenService;
  readonly events: NudgeAuthEvents;
  readonly clock: Clock;
}

/** The registrations of an application, those of modules that were loaded later included. */
export function registrationsOf(modules: ModulesContainer): ObservedRegistration[] {
  const found: ObservedRegistration[] = [];
  for (const { providers } of modules.values()) {
    const registration = providers.get(NUDGE_AUTH_REGISTRATION)?.instance as
      NudgeAuthRegistration | undefined;
    const events: unknown = providers.get(NudgeAuthEvents)?.instance;
    const tokens = providers.get(NudgeTokenService)?.instance as NudgeTokenService | undefined;
    // Not yet there where a module is being loaded. A host's tests may have put something else in the service's place.
    if (registration === undefined || !(events instanceof NudgeAuthEvents) || tokens === undefined) continue;
    const clock = providers.get(NUDGE_CLOCK)?.instance as Clock;
    found.push({ name: registration.name ?? 'default', tokens, events, clock });
  }
  return found;
}
