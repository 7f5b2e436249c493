import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { NudgeAuthModule, NudgeTokenService, type NudgeToken, type TokenAnswer } from 'nestjs-nudge-auth';
import { createRefreshToken } from 'nestjs-nudge-auth/client';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { createHmac } from 'node:crypto';
import { ExtractJwt, Strategy } from 'passport-jwt';

const API_KEY = 'fake-private-key-of-the-consumer';
const USER_SECRET = 'fake-user-secret-of-the-consumer-0123456789';
const PARTNER_SECRET = 'fake-partner-secret-of-the-consumer-0123456789';

interface User {
  readonly id: string;
}

@Injectable()
class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: USER_SECRET,
      algorithms: ['HS256'],
    });
  }

  validate(payload: { sub: string }): User {
    return { id: payload.sub };
  }
}

@Injectable()
class Campaigns {
  constructor(private readonly tokens: NudgeTokenService) {}

  token(): Promise<NudgeToken> {
    return this.tokens.getToken();
  }
}

function signIn(user: string, secret: string): { authorization: string } {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, exp: Math.floor(Date.now() / 1000) + 600 })}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  return { authorization: `Bearer ${signed}.${signature}` };
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
}

async function main(): Promise<void> {
  const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  const vendor = { apiKey: API_KEY, baseUrl: nudge.url };

  @Module({
    imports: [
      PassportModule,
      NudgeAuthModule.forRoot({ ...vendor, isGlobal: true }),
      NudgeAuthModule.forRootAsync({
        name: 'partners',
        useFactory: () => ({ ...vendor, userJwt: { secret: PARTNER_SECRET, algorithms: ['HS256'] } }),
      }),
    ],
    providers: [JwtStrategy, Campaigns],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const statusFor = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await fetch(url + path, { headers })).status;

  const answer = await fetch(`${url}/nudge/token`, { headers: signIn('ada', USER_SECRET) });
  expectSame('a signed-in user', answer.status, 200);
  const { token, expiresIn }: TokenAnswer = (await answer.json()) as TokenAnswer;
  expectSame('the parts of the token', token.split('.').length, 3);
  expectSame('the life of the token is about an hour', expiresIn > 3500 && expiresIn <= 3600, true);

  expectSame('a caller who is not signed in', await statusFor('/nudge/token', {}), 401);
  expectSame('a partner', await statusFor('/nudge/partners/token', signIn('grace', PARTNER_SECRET)), 200);
  expectSame(
    'a user as a partner',
    await statusFor('/nudge/partners/token', signIn('ada', USER_SECRET)),
    401,
  );

  expectSame('another service', (await app.get(Campaigns).token()).token, token);

  const refreshToken = createRefreshToken({
    endpoint: `${url}/nudge/token`,
    headers: signIn('ada', USER_SECRET),
  });
  expectSame('the frontend', await refreshToken(), token);
  refreshToken.stop();

  // The process must end by itself after this.
  await app.close();
  await nudge.stop();
  console.log('served');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
