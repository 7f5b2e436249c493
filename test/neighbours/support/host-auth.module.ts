import { Injectable, Module } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { USER_JWT_SECRET } from './environment.js';

/** The strategy that the host application already has. */
@Injectable()
class HostJwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: USER_JWT_SECRET,
      algorithms: ['HS256'],
    });
  }

  validate({ sub }: { sub: string }): { id: string } {
    return { id: sub };
  }
}

@Module({ imports: [PassportModule], providers: [HostJwtStrategy] })
export class HostAuthModule {}
