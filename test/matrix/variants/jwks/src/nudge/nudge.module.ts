import { Module } from '@nestjs/common';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { CampaignsController } from './campaigns.controller';

@Module({
  imports: [
    NudgeAuthModule.forRootAsync({
      useFactory: () => ({
        apiKey: process.env.NUDGE_API_KEY ?? '',
        baseUrl: process.env.NUDGE_BASE_URL,
        userJwt: {
          jwksUri: process.env.JWKS_URI ?? 'http://127.0.0.1:9/jwks.json',
          issuer: 'https://issuer.example',
          audience: 'the-application',
          algorithms: ['RS256'],
        },
      }),
    }),
  ],
  controllers: [CampaignsController],
})
export class NudgeModule {}
