import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { AuthModule } from './auth/auth.module.js';
import { CampaignsModule } from './campaigns/campaigns.module.js';

/**
 * The application: copy from this file. It contains nothing of the demo and does not know that Nudge is an emulator.
 */
@Module({
  imports: [
    // The example sets its own variables. Leave `ignoreEnvFile` out, so that your .env is read.
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),

    // Provides a passport strategy named 'jwt'. It guards GET /nudge/token, although nothing below mentions it.
    AuthModule,

    NudgeAuthModule.forRootAsync({
      // Any module may inject NudgeTokenService. Stands beside the factory, because Nest must know it before the
      // factory runs.
      isGlobal: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        // The PRIVATE key from your Nudge dashboard. It stays in this process. Users only get tokens.
        apiKey: config.getOrThrow<string>('NUDGE_API_KEY'),
        // How long a token lives. Nudge cannot withdraw a token, so an hour is better than a day.
        defaultExpiryMins: 60,
        // Without the variable, this is Nudge's own address.
        baseUrl: config.get<string>('NUDGE_BASE_URL'),
      }),
    }),

    CampaignsModule,
  ],
})
export class AppModule {}
