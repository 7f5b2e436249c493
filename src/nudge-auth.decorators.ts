import { Inject } from '@nestjs/common';

/** What an injected service of a registration is known by: the named ones are told apart by their name. */
export function getNudgeTokenServiceToken(name?: string): string {
  return name === undefined ? 'NudgeTokenService' : `NudgeTokenService:${name}`;
}

/**
 * Injects the `NudgeTokenService` of a registration. The unnamed one can also be injected by its class.
 *
 * @example
 * constructor(@InjectNudgeTokenService('emea') private readonly nudgeTokens: NudgeTokenService) {}
 */
export function InjectNudgeTokenService(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getNudgeTokenServiceToken(name));
}

/** The resolved options of a registration. */
export const NUDGE_AUTH_OPTIONS = Symbol('nudge-auth: options');
/** What is static about a registration: its name and its endpoint. */
export const NUDGE_AUTH_REGISTRATION = Symbol('nudge-auth: registration');
/** The verifier of a registration's own `userJwt`; `undefined` where the host's strategy guards. */
export const NUDGE_USER_VERIFIER = Symbol('nudge-auth: user verifier');
/** Where a registration's tokens come from: to be overridden in a host's tests. */
export const NUDGE_TOKEN_SOURCE = Symbol('nudge-auth: token source');
/** The clock of a registration: to be overridden in tests. */
export const NUDGE_CLOCK = Symbol('nudge-auth: clock');
/** The chance of a registration: to be overridden in tests. */
export const NUDGE_RANDOM = Symbol('nudge-auth: random');
