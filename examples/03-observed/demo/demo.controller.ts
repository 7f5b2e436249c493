import { BadRequestException, Body, Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { FAULT_NAMES, isFaultName, NudgeSwitchboard } from '../../01-quick-start/demo/nudge-switchboard.js';
import type { Alert } from './prometheus-process.js';
import { Surroundings } from './surroundings.js';

/** The values on the page. `label` is the label that tells the series of a query apart. */
const VALUES = [
  {
    title: 'requests per second',
    label: 'nudge_auth_outcome',
    query: 'sum by (nudge_auth_outcome) (rate(nudge_auth_token_requests_total[10s]))',
  },
  {
    title: 'calls to Nudge per minute',
    label: 'error_type',
    query: 'sum by (error_type) (increase(nudge_auth_vendor_calls_total[1m]))',
  },
  { title: 'seconds until the token expires', label: '', query: 'min(nudge_auth_token_remaining_life)' },
  { title: 'store available (1) or lost (0)', label: '', query: 'min(nudge_auth_store_available)' },
];

interface Value {
  readonly title: string;
  readonly of: string;
  readonly value: number;
}

/** Demo only: the values and buttons of the page. */
@Controller('demo')
export class DemoController {
  constructor(
    private readonly switchboard: NudgeSwitchboard,
    private readonly surroundings: Surroundings,
  ) {}

  @Get('state')
  @Header('Cache-Control', 'no-store')
  async state() {
    const { prometheus, redis } = this.surroundings;
    return {
      nudge: this.switchboard.state.fault,
      redis: redis.isRunning ? 'running' : 'stopped',
      prometheus: prometheus?.url,
      values: await this.#values(),
      alerts: ((await prometheus?.alerts()) ?? []).map(({ labels, annotations, state }: Alert) => ({
        name: labels['alertname'],
        severity: labels['severity'],
        summary: annotations['summary'],
        state,
      })),
    };
  }

  @Post('nudge')
  @HttpCode(200)
  breakNudge(@Body('fault') fault: unknown): void {
    if (!isFaultName(fault)) throw new BadRequestException(`fault must be one of ${FAULT_NAMES.join(', ')}`);
    this.switchboard.setFault(fault);
  }

  @Post('redis/stop')
  @HttpCode(200)
  stopRedis(): Promise<void> {
    return this.surroundings.redis.stop();
  }

  @Post('redis/start')
  @HttpCode(200)
  startRedis(): Promise<void> {
    return this.surroundings.redis.launch();
  }

  async #values(): Promise<Value[]> {
    const { prometheus } = this.surroundings;
    if (prometheus === undefined) return [];
    const found = await Promise.all(
      VALUES.map(async ({ title, label, query }) =>
        (await prometheus.query(query)).map(({ metric, value: [, value] }) => ({
          title,
          of: metric[label] ?? '',
          value: Number(value),
        })),
      ),
    );
    return found.flat();
  }
}
