import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';

/** The application that each process runs: copy from this file. */
@Module({
  imports: [
    // The example sets its own variables. Leave `ignoreEnvFile` out, so that your .env is read.
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),

    NudgeAuthModule.forRootAsync({
      // Any module may inject NudgeTokenService. Stands beside the factory, because Nest must know it before the
      // factory runs.
      isGlobal: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        apiKey: config.getOrThrow<string>('NUDGE_API_KEY'),
        baseUrl: config.get<string>('NUDGE_BASE_URL'),

        // This line makes it a fleet: processes that share a Redis call Nudge as a single process would.
        store: new RedisTokenStore({ url: config.getOrThrow<string>('REDIS_URL') }),

        // Verifies the users of the demo. An app with its own 'jwt' strategy leaves this out.
        userJwt: { secret: config.getOrThrow<string>('APP_JWT_SECRET'), algorithms: ['HS256'] },

        // Only for the demo, so that you see renewals. By default a token is rotated every minute.
        cache: { rotateAfterMs: 5_000 },
      }),
    }),
  ],
})
export class AppModule {}
