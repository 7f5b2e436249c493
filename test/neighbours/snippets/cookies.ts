import { Injectable, Module } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { NudgeAuthModule, userJwtFromRequest } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import { ExtractJwt, Strategy } from 'passport-jwt';

/** A request with the cookies that cookie-parser or @fastify/cookie has read. */
interface CookieRequest {
  headers: object;
  cookies?: Record<string, string | undefined>;
}

function userJwtFromCookie(request: CookieRequest): string | null {
  return request.cookies?.['session'] ?? null;
}

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor() {
    super({
      // phones send a header, browsers a cookie
      jwtFromRequest: ExtractJwt.fromExtractors([
        userJwtFromRequest,
        userJwtFromCookie,
      ]),
      secretOrKey: process.env['USER_JWT_SECRET'] ?? '',
      algorithms: ['HS256'],
    });
  }

  validate({ sub }: { sub: string }): { id: string } {
    return { id: sub };
  }
}

@Module({
  imports: [
    PassportModule,
    NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider()),
  ],
  providers: [JwtStrategy],
})
export class AppModule {}
