import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { NudgeAuthModule, NudgeTokenService, NudgeUserGuard } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { FakeNudgeTokenService } from 'nestjs-nudge-auth/testing';
import { httpGet } from '../support/host.js';

@Injectable()
class CampaignService {
  constructor(readonly nudgeTokens: NudgeTokenService) {}
}

@Module({
  imports: [
    ConfigModule.forRoot({ ignoreEnvFile: true }),
    NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider()),
  ],
  providers: [CampaignService],
})
class AppModule {}

/** docs/testing.md describes these cases. */
describe('a test without a key in the environment', () => {
  const fake = new FakeNudgeTokenService();
  const keyBefore = process.env['NUDGE_API_KEY'];

  beforeAll(() => {
    delete process.env['NUDGE_API_KEY'];
  });

  afterAll(() => {
    if (keyBefore !== undefined) process.env['NUDGE_API_KEY'] = keyBefore;
  });

  function wholeApplication(): TestingModuleBuilder {
    return Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(NudgeTokenService)
      .useValue(fake);
  }

  it('gives a service the fake', async () => {
    const testing = await Test.createTestingModule({
      providers: [CampaignService, { provide: NudgeTokenService, useValue: fake }],
    }).compile();
    expect(testing.get(CampaignService).nudgeTokens).toBe(fake);
  });

  it('does not boot the application if only the service is replaced', async () => {
    await expect(wholeApplication().compile()).rejects.toThrow('apiKey: is missing');
  });

  it('boots the application and serves the fake’s tokens if the options and the guard are replaced too', async () => {
    const testing = await wholeApplication()
      .overrideProvider(nudgeAuthConfig.KEY)
      .useValue({ apiKey: 'an-obviously-fake-key' })
      .overrideGuard(NudgeUserGuard)
      .useValue({ canActivate: () => true })
      .compile();
    const app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    try {
      const answer = await httpGet(`${await app.getUrl()}/nudge/token`);
      expect([answer.status, answer.json()['token']]).toEqual([200, expect.stringMatching(/^eyJ/)]);
    } finally {
      await app.close();
    }
  });
});
