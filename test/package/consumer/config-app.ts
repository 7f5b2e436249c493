import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';

@Module({
  imports: [
    ConfigModule.forRoot(),
    NudgeAuthModule.forRootAsync({ ...nudgeAuthConfig.asProvider(), endpoint: false }),
  ],
})
class AppModule {}

async function main(): Promise<void> {
  const apiKey = 'fake-private-key-in-the-environment';
  const nudge = await NudgeEmulator.start({ apiKeys: [apiKey] });
  Object.assign(process.env, { NUDGE_API_KEY: apiKey, NUDGE_BASE_URL: nudge.url });
  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: ['warn', 'error'],
    abortOnError: false,
  });
  const { token } = await app.get(NudgeTokenService).getToken();
  await app.close();
  await nudge.stop();
  console.log(token.split('.').length === 3 ? 'served' : 'no token');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
