import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';
import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule],
  controllers: [HealthController],
  providers: [NudgeHealthIndicator],
})
export class HealthModule {}
