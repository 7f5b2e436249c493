import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { CampaignsController } from './campaigns.controller';
import { JwtStrategy } from './jwt.strategy';

@Module({
  imports: [
    ConfigModule.forRoot(),
    NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider()),
  ],
  controllers: [CampaignsController],
  providers: [JwtStrategy],
})
export class NudgeModule {}
