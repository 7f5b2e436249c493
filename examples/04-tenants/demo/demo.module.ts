import { Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { AppModule } from '../app.module.js';
import { CustomersModule } from '../customers/customers.module.js';
import { DemoController } from './demo.controller.js';
import { NudgeAccounts } from './nudge-accounts.js';

/** Demo only: adds a sign-in and buttons to the app without changing it. */
@Module({ controllers: [DemoController], providers: [NudgeAccounts] })
export class DemoModule implements BeforeApplicationShutdown {
  constructor(private readonly nudge: NudgeEmulator) {}

  static with(nudge: NudgeEmulator): DynamicModule {
    return {
      module: DemoModule,
      imports: [AppModule, CustomersModule],
      providers: [{ provide: NudgeEmulator, useValue: nudge }],
    };
  }

  /** Runs before the app waits for its last calls, because a call that Nudge never answers would delay the end. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.nudge.stop();
  }
}
