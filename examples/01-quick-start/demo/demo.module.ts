import {
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type Type,
} from '@nestjs/common';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { CampaignApi } from './campaign-api.js';
import { DemoController } from './demo.controller.js';
import { NudgeSwitchboard } from './nudge-switchboard.js';
import { RequestCounter } from './request-counter.js';

/** The services outside of the app, simulated on this machine. */
export interface OutsideWorld {
  readonly nudge: NudgeEmulator;
  readonly campaignApi: CampaignApi;
}

/** Demo only: adds counters and buttons to the app without changing it. */
@Module({ controllers: [DemoController], providers: [NudgeSwitchboard, RequestCounter] })
export class DemoModule implements NestModule, BeforeApplicationShutdown {
  constructor(
    private readonly counter: RequestCounter,
    private readonly nudge: NudgeEmulator,
    private readonly campaignApi: CampaignApi,
  ) {}

  static around(app: Type, { nudge, campaignApi }: OutsideWorld): DynamicModule {
    return {
      module: DemoModule,
      imports: [app],
      providers: [
        { provide: NudgeEmulator, useValue: nudge },
        { provide: CampaignApi, useValue: campaignApi },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(this.counter.count).forRoutes('nudge/token');
  }

  /** Runs before the app waits for its last calls, because a call that Nudge never answers would delay the end. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.nudge.stop(), this.campaignApi.stop()]);
  }
}
