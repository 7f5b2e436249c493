import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';

/** The application, as each of the processes runs it: copy from this file. */
@Module({
  imports: [
    // The example brings its own settings; leave `ignoreEnvFile` out to have your .env read.
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),

    NudgeAuthModule.forRootAsync({
      // Beside the factory, because Nest must know it earlier: any module may now inject NudgeTokenService.
      isGlobal: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        apiKey: config.getOrThrow<string>('NUDGE_API_KEY'),
        baseUrl: config.get<string>('NUDGE_BASE_URL'),

        // All that makes a fleet of it: processes that share a Redis call Nudge as one would.
        store: new RedisTokenStore({ url: config.getOrThrow<string>('REDIS_URL') }),

        // Verifies the users of the demo; an app with its own 'jwt' strategy leaves this out.
        userJwt: { secret: config.getOrThrow<string>('APP_JWT_SECRET'), algorithms: ['HS256'] },

        // Only so that there is something to watch: left out, a token is replaced every minute.
        cache: { rotateAfterMs: 5_000 },
      }),
    }),
  ],
})
export class AppModule {}
