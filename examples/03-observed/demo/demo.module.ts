import { Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeSwitchboard } from '../../01-quick-start/demo/nudge-switchboard.js';
import { AppModule } from '../app.module.js';
import { DemoController } from './demo.controller.js';
import { Surroundings } from './surroundings.js';

/** Demo only: adds the page and its buttons to the app without changing it. */
@Module({ imports: [AppModule], controllers: [DemoController], providers: [NudgeSwitchboard] })
export class DemoModule implements BeforeApplicationShutdown {
  constructor(
    private readonly nudge: NudgeEmulator,
    private readonly surroundings: Surroundings,
  ) {}

  static inside(nudge: NudgeEmulator, surroundings: Surroundings): DynamicModule {
    return {
      module: DemoModule,
      providers: [
        { provide: NudgeEmulator, useValue: nudge },
        { provide: Surroundings, useValue: surroundings },
      ],
    };
  }

  /** Runs before the app waits for its last calls, because a call that Nudge never answers would delay the end. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.nudge.stop(), this.surroundings.stop()]);
  }
}
