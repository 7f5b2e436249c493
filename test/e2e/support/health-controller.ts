import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';

@Controller('health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(NudgeHealthIndicator) private readonly nudgeHealth: NudgeHealthIndicator,
  ) {}

  @Get('ready')
  ready() {
    return this.health.check([() => this.nudgeHealth.check()]);
  }

  @Get('strict')
  strict() {
    return this.health.check([() => this.nudgeHealth.check('nudge', { strict: true })]);
  }

  @Get('unknown')
  unknown() {
    return this.nudgeHealth.check('nudge', { name: 'nowhere' }).catch((error: Error) => error.message);
  }
}
