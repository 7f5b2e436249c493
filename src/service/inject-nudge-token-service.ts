import { Inject } from '@nestjs/common';

/**
 * The injection token of a registration's `NudgeTokenService`. Each named registration has a different one.
 *
 * @publicApi
 */
export function getNudgeTokenServiceToken(name?: string): string {
  return name === undefined ? 'NudgeTokenService' : `NudgeTokenService:${name}`;
}

/**
 * Injects the `NudgeTokenService` of a registration. The unnamed one can also be injected by its class.
 *
 * @example
 * constructor(@InjectNudgeTokenService('emea') private readonly nudgeTokens: NudgeTokenService) {}
 *
 * @publicApi
 */
export function InjectNudgeTokenService(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getNudgeTokenServiceToken(name));
}
