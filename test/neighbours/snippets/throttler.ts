import { Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { seconds, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { ThrottlerRequest } from '@nestjs/throttler';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';

/** Runs before the route's guards and counts requests by IP. */
@Injectable()
export class IpThrottlerGuard extends ThrottlerGuard {
  protected override async handleRequest(request: ThrottlerRequest) {
    const isOwn = request.throttler.name === 'ip';
    return isOwn ? super.handleRequest(request) : true;
  }
}

/** Runs after the guard that sets `request.user`. */
@Injectable()
export class UserThrottlerGuard extends ThrottlerGuard {
  protected override async handleRequest(request: ThrottlerRequest) {
    const isOwn = request.throttler.name === 'user';
    return isOwn ? super.handleRequest(request) : true;
  }

  protected override async getTracker({ user }: { user: { id: string } }) {
    return user.id;
  }
}

const throttlePerUser = UseGuards(UserThrottlerGuard);

@Module({
  imports: [
    ThrottlerModule.forRoot([
      { name: 'ip', ttl: seconds(60), limit: 100 },
      { name: 'user', ttl: seconds(60), limit: 5 },
    ]),
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      endpoint: { decorators: [throttlePerUser] },
    }),
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      name: 'emea',
      endpoint: { decorators: [throttlePerUser] },
    }),
  ],
  providers: [{ provide: APP_GUARD, useClass: IpThrottlerGuard }],
})
export class AppModule {}
