import { BadRequestException, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { SignJWT } from 'jose';
import { FleetView } from './fleet-view.js';
import { DEEDS, type Stats } from './messages.js';

/** Demo only. */
@Controller('demo')
export class DemoController {
  constructor(
    private readonly view: FleetView,
    private readonly config: ConfigService,
  ) {}

  /** Signs every caller in. It replaces the app's own sign-in. */
  @Post('login')
  @HttpCode(200)
  async login(): Promise<{ accessToken: string }> {
    const secret = new TextEncoder().encode(this.config.getOrThrow<string>('APP_JWT_SECRET'));
    const jwt = new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h');
    return { accessToken: await jwt.sign(secret) };
  }

  @Get('stats')
  stats(): Stats | Record<string, never> {
    return this.view.stats ?? {};
  }

  @Post(':deed')
  @HttpCode(202)
  do(@Param('deed') wanted: string): void {
    const deed = DEEDS.find((one) => one === wanted);
    if (deed === undefined) throw new BadRequestException(`Choose one of ${DEEDS.join(', ')}`);
    this.view.ask(deed);
  }
}
