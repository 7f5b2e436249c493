import { Module } from '@nestjs/common';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';

@Module({
  imports: [
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      endpoint: false,
    }),
  ],
})
export class NudgeModule {}
