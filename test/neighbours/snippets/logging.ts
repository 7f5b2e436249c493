import { Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { DestinationStream } from 'pino';

/** Headers of requests and answers that hold credentials. */
const CREDENTIALS = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
];

export function loggedApplication(stream: DestinationStream) {
  @Module({
    imports: [
      LoggerModule.forRoot({
        pinoHttp: [{ redact: CREDENTIALS }, stream],
      }),
      NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider()),
    ],
  })
  class AppModule {}
  return AppModule;
}
