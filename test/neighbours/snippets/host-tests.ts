import { expect, it } from '@jest/globals'; // with Vitest: from 'vitest'
import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { NudgeTokenService, NudgeUserGuard } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { FakeNudgeTokenService } from 'nestjs-nudge-auth/testing';
import { AppModule } from './cookies.js'; // the application under test

@Injectable()
class CampaignService {
  constructor(
    @Inject(NudgeTokenService) private readonly tokens: NudgeTokenService,
  ) {}

  async authorization(): Promise<string> {
    return `Bearer ${(await this.tokens.getToken()).token}`;
  }
}

it('a service gets tokens from the fake of useMocker', async () => {
  const fake = new FakeNudgeTokenService();
  const testing = await Test.createTestingModule({
    providers: [CampaignService],
  })
    .useMocker((token) => (token === NudgeTokenService ? fake : {}))
    .compile();
  const campaigns = testing.get(CampaignService);
  expect(await campaigns.authorization()).toMatch(/^Bearer eyJ/);
  expect(fake.requests).toHaveLength(1);
});

it('the endpoint keeps the contract of the frontend', async () => {
  const fake = new FakeNudgeTokenService();
  const testing = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(NudgeTokenService)
    .useValue(fake)
    .overrideProvider(nudgeAuthConfig.KEY)
    .useValue({ apiKey: 'an-obviously-fake-key' })
    .overrideGuard(NudgeUserGuard)
    .useValue({ canActivate: () => true })
    .compile();
  const app = testing.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  try {
    const url = `${await app.getUrl()}/nudge/token`;
    const good = await fetch(url);
    expect(good.status).toBe(200);
    expect(await good.json()).toEqual({
      token: expect.any(String),
      expiresAt: expect.any(String),
      expiresIn: expect.any(Number),
      refreshIn: expect.any(Number),
    });
    fake.failWith('NUDGE_UNAVAILABLE');
    const bad = await fetch(url);
    expect(bad.status).toBe(503); // never a 401: it would log users out
    expect(await bad.json()).toMatchObject({ code: 'NUDGE_UNAVAILABLE' });
    expect(bad.headers.get('retry-after')).toMatch(/^\d+$/);
  } finally {
    await app.close();
  }
});
