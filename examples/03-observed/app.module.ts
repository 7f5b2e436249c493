import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { NudgeOtelModule } from 'nestjs-nudge-auth/otel';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { AuthModule } from '../01-quick-start/auth/auth.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';

/** The quick start's application with metrics and health checks: copy from this file, `health/` and `metrics/`. */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),
    AuthModule,
    NudgeAuthModule.forRootAsync({
      isGlobal: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        apiKey: config.getOrThrow<string>('NUDGE_API_KEY'),
        baseUrl: config.get<string>('NUDGE_BASE_URL'),
        store: new RedisTokenStore({ url: config.getOrThrow<string>('REDIS_URL') }),
        // Only for the demo, so that you see renewals. By default a token is rotated every minute.
        cache: { rotateAfterMs: 5_000 },
      }),
    }),

    // Imported once for all registrations.
    NudgeOtelModule.forRoot(),
    MetricsModule,
    HealthModule,
  ],
})
export class AppModule {}
