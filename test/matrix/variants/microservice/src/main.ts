import { NestFactory } from '@nestjs/core';
import { MicroserviceOptions, Transport } from '@nestjs/microservices';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    AppModule,
    { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
  );
  await app.listen();
  const { token } = await app
    .get(NudgeTokenService, { strict: false })
    .getToken();
  await app.close();
  console.log(`A token of ${token.split('.').length} parts`);
}
void bootstrap();
