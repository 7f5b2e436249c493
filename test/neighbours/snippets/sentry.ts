import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { captureMessage } from '@sentry/nestjs';
import { SentryGlobalFilter, SentryModule } from '@sentry/nestjs/setup';
import {
  NudgeAuthExceptionFilter,
  NudgeAuthModule,
  NudgeTokenService,
} from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';

/** Reports a failed renewal once, however many requests wait for it. */
@Injectable()
export class NudgeFailures implements OnModuleInit {
  constructor(private readonly tokens: NudgeTokenService) {}

  onModuleInit(): void {
    this.tokens.subscribe((event) => {
      if (event.type !== 'failed') return;
      captureMessage(`Nudge gives no token: ${event.code}`, 'error');
    });
  }
}

@Module({
  imports: [
    SentryModule.forRoot(),
    NudgeAuthModule.forRootAsync({
      useFactory: () => ({
        ...nudgeAuthConfig(),
        scope: 'user' as const,
        extId: ({ id }: { id: string }) => id,
      }),
    }),
    NudgeOtelModule.forRoot(),
  ],
  providers: [
    NudgeFailures,
    // Nest asks the last filter first.
    { provide: APP_FILTER, useClass: SentryGlobalFilter },
    { provide: APP_FILTER, useClass: NudgeAuthExceptionFilter },
  ],
})
export class AppModule {}
