import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { AppModule } from '../app.module.js';
import { DemoController } from './demo.controller.js';
import { FleetView } from './fleet-view.js';

/** Demo only: adds a sign-in, counters and buttons to the app without changing it. */
@Module({
  imports: [AppModule],
  controllers: [DemoController],
  providers: [FleetView],
})
export class DemoModule implements NestModule {
  constructor(private readonly view: FleetView) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(this.view.count).forRoutes('nudge/token');
  }
}
