import { Module, UseGuards } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Query, Resolver } from '@nestjs/graphql';
import {
  NudgeAuthExceptionFilter,
  NudgeAuthModule,
  NudgeTokenService,
  NudgeUserGuard,
} from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';

@Resolver()
@UseGuards(NudgeUserGuard)
export class NudgeResolver {
  constructor(private readonly tokens: NudgeTokenService) {}

  @Query(() => String)
  async nudgeToken(): Promise<string> {
    return (await this.tokens.getToken()).token;
  }
}

@Module({
  imports: [NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider())],
  providers: [
    NudgeResolver,
    { provide: APP_FILTER, useClass: NudgeAuthExceptionFilter },
  ],
})
export class NudgeModule {}
