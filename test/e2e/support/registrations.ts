import { NudgeAuthModule, type NudgeAuthModuleOptions, type UserJwtOptions } from 'nestjs-nudge-auth';
import type { DynamicModule } from '@nestjs/common';

export const KEY = 'obviously-fake-private-key-unnamed';
export const EMEA = {
  key: 'obviously-fake-private-key-of-emea',
  secret: 'obviously-fake-emea-user-secret-0123456789',
};
export const APAC = {
  key: 'obviously-fake-private-key-of-apac',
  secret: 'obviously-fake-apac-user-secret-0123456789',
};

export function userJwtOf({ secret }: typeof EMEA): UserJwtOptions {
  return { secret, algorithms: ['HS256'] };
}

/** A registration with the unnamed key, unless `options` has another one. */
export function registration(baseUrl: string, options: Partial<NudgeAuthModuleOptions> = {}): DynamicModule {
  return NudgeAuthModule.forRoot({ apiKey: KEY, baseUrl, ...options } as NudgeAuthModuleOptions);
}
