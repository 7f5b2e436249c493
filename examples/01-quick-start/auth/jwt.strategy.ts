import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { User } from './users.js';

/** The app's own strategy, as in most Nest apps. It guards /campaigns and the Nudge endpoint. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(config: ConfigService) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: config.getOrThrow<string>('APP_JWT_SECRET'),
      algorithms: ['HS256'],
    });
  }

  validate(payload: { sub: string; name: string }): User {
    return { id: payload.sub, name: payload.name };
  }
}
