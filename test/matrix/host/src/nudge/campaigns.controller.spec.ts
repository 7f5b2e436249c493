import { Test } from '@nestjs/testing';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { FakeNudgeTokenService } from 'nestjs-nudge-auth/testing';
import { CampaignsController } from './campaigns.controller';

describe('CampaignsController', () => {
  it('renews the token', async () => {
    const nudgeTokens = new FakeNudgeTokenService();
    const testing = await Test.createTestingModule({
      controllers: [CampaignsController],
      providers: [{ provide: NudgeTokenService, useValue: nudgeTokens }],
    }).compile();

    const { expiresAt } = await testing.get(CampaignsController).renew();

    expect(expiresAt).toBeGreaterThan(Date.now());
    expect(nudgeTokens.requests).toEqual([{ forceRefresh: true }]);
  });
});
