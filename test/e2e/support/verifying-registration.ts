import type { DynamicModule } from '@nestjs/common';
import { NudgeAuthModule, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { USER_SECRET } from '../../support/users.js';

/** A registration that verifies the users itself, unless `options` describe the endpoint. */
export function verifyingRegistration(
  baseUrl: string,
  apiKey: string,
  options: Partial<NudgeAuthModuleOptions>,
): DynamicModule {
  return NudgeAuthModule.forRoot({
    apiKey,
    baseUrl,
    ...(options.endpoint === undefined ? { userJwt: { secret: USER_SECRET, algorithms: ['HS256'] } } : {}),
    ...options,
  } as NudgeAuthModuleOptions);
}
