import { Controller, Post } from '@nestjs/common';
import { NudgeTokenService } from 'nestjs-nudge-auth';

@Controller('campaigns')
export class CampaignsController {
  constructor(private readonly nudgeTokens: NudgeTokenService) {}

  @Post()
  async renew() {
    const { expiresAt } = await this.nudgeTokens.getToken({
      forceRefresh: true,
    });
    return { expiresAt };
  }
}
