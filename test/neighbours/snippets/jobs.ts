import { Injectable, Logger, Module } from '@nestjs/common';
import { Cron, CronExpression, ScheduleModule } from '@nestjs/schedule';
import { isNudgeAuthError, NudgeAuthModule } from 'nestjs-nudge-auth';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';

@Injectable()
export class CampaignJob {
  readonly #logger = new Logger(CampaignJob.name);

  constructor(private readonly tokens: NudgeTokenService) {}

  @Cron(CronExpression.EVERY_HOUR, { name: 'campaign' })
  async run(): Promise<string> {
    try {
      const { token } = await this.tokens.getToken();
      return `sent with a token of ${token.length} characters`;
    } catch (error) {
      if (!isNudgeAuthError(error) || !error.retryable) throw error;
      this.#logger.warn(`Left to the next run: ${error.code}`);
      return 'left to the next run';
    }
  }
}

@Module({
  imports: [
    ScheduleModule.forRoot(),
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      endpoint: false, // no route, and so no guard and no strategy
    }),
  ],
  providers: [CampaignJob],
})
export class JobsModule {}
