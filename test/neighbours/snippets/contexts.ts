import { Controller, Get, Logger, Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { ClsModule, ClsService, ClsServiceManager } from 'nestjs-cls';
import { LoggerModule } from 'nestjs-pino';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { DestinationStream } from 'pino';

@Controller('campaigns')
export class CampaignController implements OnModuleInit {
  readonly #logger = new Logger(CampaignController.name);

  constructor(
    private readonly cls: ClsService,
    private readonly tokens: NudgeTokenService,
  ) {}

  onModuleInit(): void {
    // In no user's context: a renewal is for all users who wait for it.
    this.tokens.subscribe(({ type }) => this.#logger.log(`Nudge: ${type}`));
  }

  @Get()
  async send(): Promise<string> {
    const { token } = await this.tokens.getToken();
    this.#logger.log({ msg: 'The campaign is sent', nudge: { token } });
    return this.cls.get('user'); // this caller's own context
  }
}

interface UserRequest {
  headers: Record<string, string | undefined>;
}

/** Credentials of requests and answers, and the tokens of your own lines. */
const CREDENTIALS = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  'token',
  '*.token',
];

function userOfContext(): { user?: string } {
  const cls = ClsServiceManager.getClsService();
  return cls.isActive() ? { user: cls.get('user') } : {};
}

export function applicationWithContexts(stream: DestinationStream) {
  @Module({
    imports: [
      ClsModule.forRoot({
        global: true,
        middleware: {
          mount: true,
          setup: (cls, { headers }: UserRequest) =>
            cls.set('user', headers['x-user'] ?? 'unknown'),
        },
      }),
      LoggerModule.forRoot({
        pinoHttp: [{ redact: CREDENTIALS, mixin: userOfContext }, stream],
      }),
      NudgeAuthModule.forRootAsync({
        ...nudgeAuthConfig.asProvider(),
        endpoint: false,
      }),
    ],
    controllers: [CampaignController],
  })
  class AppModule {}
  return AppModule;
}
