import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { AuthModule } from './auth/auth.module.js';
import { CampaignsModule } from './campaigns/campaigns.module.js';

/** The application. Nothing in it knows that Nudge is an emulator here: copy from this file. */
@Module({
  imports: [
    // The example brings its own settings; leave `ignoreEnvFile` out to have your .env read.
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),

    // Has a passport strategy named 'jwt', which guards GET /nudge/token without being mentioned below.
    AuthModule,

    NudgeAuthModule.forRootAsync({
      // Beside the factory, because Nest must know it earlier: any module may now inject NudgeTokenService.
      isGlobal: true,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        // The PRIVATE key of your Nudge dashboard. It stays in this process; users only ever see tokens.
        apiKey: config.getOrThrow<string>('NUDGE_API_KEY'),
        // How long a token lives. Nudge cannot withdraw one, so prefer an hour to a day.
        defaultExpiryMins: 60,
        // Left out of the environment, it is Nudge's own address.
        baseUrl: config.get<string>('NUDGE_BASE_URL'),
      }),
    }),

    CampaignsModule,
  ],
})
export class AppModule {}
