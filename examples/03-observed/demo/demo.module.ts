import { Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { NudgeSwitchboard } from '../../01-quick-start/demo/nudge-switchboard.js';
import { AppModule } from '../app.module.js';
import { DemoController } from './demo.controller.js';
import { Surroundings } from './surroundings.js';

/** Demo only: puts the page and its buttons around an app that knows nothing of them. */
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

  /** Before the app waits for its last calls: one that Nudge never answers would hold up the end. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.nudge.stop(), this.surroundings.stop()]);
  }
}
