import { Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { AppModule } from '../app.module.js';
import { CustomersModule } from '../customers/customers.module.js';
import { DemoController } from './demo.controller.js';
import { NudgeAccounts } from './nudge-accounts.js';

/** Demo only: a sign-in and buttons around an app that knows nothing of them. */
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

  /** Before the app waits for its last calls: one that Nudge never answers would hold up the end. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.nudge.stop();
  }
}
