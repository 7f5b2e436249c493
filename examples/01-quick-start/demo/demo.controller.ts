import { BadRequestException, Body, Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { FAULT_NAMES, isFaultName, NudgeSwitchboard, type FaultName } from './nudge-switchboard.js';
import { RequestCounter } from './request-counter.js';

/** How many of the last calls to Nudge the page shows. */
const CALLS_SHOWN = 30;

export interface DemoStats {
  readonly fault: FaultName;
  /** `null`: the lifetime that the backend asks for. */
  readonly tokenLifeS: number | null;
  /** Requests to the app's own endpoint. */
  readonly served: { readonly withToken: number; readonly withoutToken: number };
  /** Requests to Nudge. */
  readonly nudgeCalls: number;
  readonly lastNudgeCalls: readonly {
    readonly id: number;
    readonly agoMs: number;
    readonly pending: boolean;
    readonly status?: number;
    readonly durationMs?: number;
  }[];
}

/** Demo only: the counters and buttons of the page. Your app needs no such routes. */
@Controller('demo')
export class DemoController {
  constructor(
    private readonly nudge: NudgeEmulator,
    private readonly switchboard: NudgeSwitchboard,
    private readonly counter: RequestCounter,
    private readonly nudgeTokens: NudgeTokenService,
  ) {}

  @Get('stats')
  @Header('Cache-Control', 'no-store')
  stats(): DemoStats {
    const nowMs = Date.now();
    return {
      ...this.switchboard.state,
      served: this.counter.totals,
      nudgeCalls: this.nudge.counters.received,
      lastNudgeCalls: this.nudge.requests
        .slice(-CALLS_SHOWN)
        .map(({ id, atMs, outcome, status, durationMs }) => ({
          id,
          agoMs: nowMs - atMs,
          pending: outcome === 'pending',
          status,
          durationMs,
        })),
    };
  }

  @Post('fault')
  @HttpCode(200)
  setFault(@Body('name') name: unknown): DemoStats {
    if (!isFaultName(name)) throw new BadRequestException(`name must be one of ${FAULT_NAMES.join(', ')}`);
    this.switchboard.setFault(name);
    return this.stats();
  }

  @Post('token-life')
  @HttpCode(200)
  async setTokenLife(@Body('seconds') seconds: unknown): Promise<DemoStats> {
    if (seconds !== null && !(Number.isInteger(seconds) && Number(seconds) >= 10)) {
      throw new BadRequestException('seconds must be a whole number from 10, or null');
    }
    this.switchboard.setTokenLife(seconds === null ? undefined : Number(seconds));
    return this.forget();
  }

  /** Drops the held token, as if the backend had just started. The next request calls Nudge. */
  @Post('forget')
  @HttpCode(200)
  async forget(): Promise<DemoStats> {
    await this.nudgeTokens.invalidate();
    return this.stats();
  }
}
