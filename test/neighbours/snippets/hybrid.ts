import { Controller, Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  NudgeAuthExceptionFilter,
  NudgeAuthModule,
  NudgeTokenService,
} from 'nestjs-nudge-auth';

@Controller()
export class TokenMessages {
  constructor(private readonly tokens: NudgeTokenService) {}

  @MessagePattern('nudge-token')
  async token(): Promise<string> {
    return (await this.tokens.getToken()).token;
  }
}

@Module({
  imports: [
    NudgeAuthModule.forRootAsync({
      useFactory: () => ({
        apiKey: process.env['NUDGE_API_KEY'] ?? '',
        baseUrl: process.env['NUDGE_BASE_URL'],
        warmUp: 'required', // the first message does not wait for Nudge
        userJwt: {
          secret: process.env['USER_JWT_SECRET'] ?? '',
          algorithms: ['HS256'],
        },
      }),
    }),
  ],
  controllers: [TokenMessages],
  providers: [{ provide: APP_FILTER, useClass: NudgeAuthExceptionFilter }],
})
export class HybridModule {}

export async function bootstrap(
  httpPort: number,
  rpcPort: number,
  adapter: AbstractHttpAdapter, // of Express or Fastify
) {
  const app = await NestFactory.create(HybridModule, adapter);
  app.connectMicroservice<MicroserviceOptions>(
    { transport: Transport.TCP, options: { host: '127.0.0.1', port: rpcPort } },
    { inheritAppConfig: true }, // without it, messages have no filter
  );
  app.enableShutdownHooks(); // SIGTERM closes the application
  await app.startAllMicroservices();
  await app.listen(httpPort);
  return app;
}
