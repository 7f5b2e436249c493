import { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { AppModule } from './../src/app.module';
import { signIn } from './sign-in';

describe('Nudge (e2e)', () => {
  let nudge: NudgeEmulator;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: ['fake-key-of-the-test'] });
    process.env.NUDGE_API_KEY = 'fake-key-of-the-test';
    process.env.NUDGE_BASE_URL = nudge.url;
    const testing = await Test.createTestingModule({
      imports: [AppModule],
    }).compile();
    app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(async () => {
    await nudge.stop();
    await app.close();
  });

  it('hands a token to a signed-in user', async () => {
    const answer = await fetch(`${url}/nudge/token`, { headers: signIn() });
    const { token } = (await answer.json()) as { token: string };

    expect(answer.status).toBe(200);
    expect(token.split('.')).toHaveLength(3);
  });

  it('refuses a caller who is not signed in', async () => {
    expect((await fetch(`${url}/nudge/token`)).status).toBe(401);
  });

  it('renews the token', async () => {
    await fetch(`${url}/campaigns`, { method: 'POST' });

    expect(nudge.counters.tokensIssued).toBe(2);
  });
});
