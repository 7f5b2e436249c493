import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Module, UseGuards } from '@nestjs/common';
import { seconds, ThrottlerModule } from '@nestjs/throttler';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { UserThrottlerGuard } from './throttler.js';

@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      useFactory: () => ({
        throttlers: [{ name: 'user', ttl: seconds(60), limit: 5 }],
        storage: new ThrottlerStorageRedisService(process.env['REDIS_URL']),
      }),
    }),
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      endpoint: { decorators: [UseGuards(UserThrottlerGuard)] },
    }),
  ],
})
export class AppModule {}
