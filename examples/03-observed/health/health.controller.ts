import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { NudgeHealthIndicator } from 'nestjs-nudge-auth/terminus';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly nudge: NudgeHealthIndicator,
  ) {}

  /** Whether the process must be restarted. It must not for Nudge: a restart loses the tokens it holds. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Whether the process gets traffic. It does without Nudge, too: the app is of use to its users all the same. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.nudge.check('nudge')]);
  }
}
