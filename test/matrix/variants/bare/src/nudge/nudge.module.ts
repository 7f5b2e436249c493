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
          secret: process.env.JWT_SECRET ?? '',
          algorithms: ['HS256'],
        },
      }),
    }),
  ],
  controllers: [CampaignsController],
})
export class NudgeModule {}
