import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Injectable, Module, type ExecutionContext } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';

/** Caches answers that are the same for all users, and no route below /nudge/. */
@Injectable()
export class PublicCacheInterceptor extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext) {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    return url.startsWith('/nudge/') ? undefined : super.trackBy(context);
  }
}

@Module({
  imports: [
    CacheModule.register({ ttl: 60_000 }), // milliseconds
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      endpoint: { passthrough: true },
    }),
  ],
  providers: [{ provide: APP_INTERCEPTOR, useClass: PublicCacheInterceptor }],
})
export class AppModule {}
