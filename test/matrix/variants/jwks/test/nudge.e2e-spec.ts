import { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { AppModule } from './../src/app.module';
import { signIn, startIssuer } from './issuer';

describe('Nudge with users of an issuer (e2e)', () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let nudge: NudgeEmulator;
  let app: INestApplication;

  beforeAll(async () => {
    issuer = await startIssuer();
    nudge = await NudgeEmulator.start({ apiKeys: ['fake-key-of-the-test'] });
    process.env.NUDGE_API_KEY = 'fake-key-of-the-test';
    process.env.NUDGE_BASE_URL = nudge.url;
    process.env.JWKS_URI = issuer.url;
    const testing = await Test.createTestingModule({
      imports: [AppModule],
    }).compile();
    app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    issuer.stop();
    await nudge.stop();
    await app.close();
  });

  it('hands a token to a signed-in user', async () => {
    const url = `${await app.getUrl()}/nudge/token`;
    const answer = await fetch(url, { headers: signIn() });

    expect(answer.status).toBe(200);
    expect((await fetch(url)).status).toBe(401);
  });
});
