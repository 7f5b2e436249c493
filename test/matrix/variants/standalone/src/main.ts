import { NestFactory } from '@nestjs/core';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.createApplicationContext(AppModule);
  const { token } = await app
    .get(NudgeTokenService, { strict: false })
    .getToken();
  await app.close();
  console.log(`A token of ${token.split('.').length} parts`);
}
void bootstrap();
