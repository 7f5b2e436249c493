import { Body, Controller, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { findUser } from './users.js';

@Controller()
export class AuthController {
  constructor(private readonly jwt: JwtService) {}

  /** The app's own sign-in. Its JWT tells this app who the user is. It is never sent to Nudge. */
  @Post('login')
  @HttpCode(200)
  async login(
    @Body('username') username: unknown,
    @Body('password') password: unknown,
  ): Promise<{ accessToken: string }> {
    const user = findUser(username, password);
    if (user === undefined) throw new UnauthorizedException('Unknown user or wrong password');
    return { accessToken: await this.jwt.signAsync({ sub: user.id, name: user.name }) };
  }
}
