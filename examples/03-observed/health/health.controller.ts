import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly nudge: NudgeHealthIndicator,
  ) {}

  /** Whether the process must be restarted. A failure of Nudge is no reason: a restart would lose the held tokens. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Whether the process gets traffic. It does so without Nudge too, because the app still serves its users. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.nudge.check('nudge')]);
  }
}
