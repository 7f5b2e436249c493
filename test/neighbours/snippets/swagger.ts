import { Module, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { nudgeTokenDocs } from 'nestjs-nudge-auth/swagger';

@Module({
  imports: [
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      endpoint: { decorators: [nudgeTokenDocs()] },
    }),
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      name: 'emea',
      endpoint: {
        // a user may send either of the two
        decorators: [nudgeTokenDocs({ security: ['bearer', 'cookie'] })],
      },
    }),
  ],
})
export class AppModule {}

export function openApiOf(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .addBearerAuth() // named 'bearer'
    .addCookieAuth('session') // named 'cookie'
    .build();
  return SwaggerModule.createDocument(app, config);
}
