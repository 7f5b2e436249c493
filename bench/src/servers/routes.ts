import { HttpService } from '@nestjs/axios';
import {
  Controller,
  Get,
  Header,
  Inject,
  Injectable,
  Module,
  Res,
  UseGuards,
  type DynamicModule,
} from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { HttpModule } from '@nestjs/axios';
import { NudgeAuthModule } from '#nudge-auth';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { firstValueFrom } from 'rxjs';
import type { Algorithm } from '../users.js';

export interface RouteSettings {
  readonly algorithm: Algorithm;
  /** The users' secret or public key as text, as tutorials pass it to passport-jwt. */
  readonly verification: string;
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly slowUrl: string;
  readonly token: string;
}

const HOUR_S = 3600;

function fourFields(token: string): object {
  return {
    token,
    expiresAt: new Date(Date.now() + HOUR_S * 1000).toISOString(),
    expiresIn: HOUR_S,
    refreshIn: 3000,
  };
}

/** The same four fields from a route without a guard. */
export function unguarded({ token }: RouteSettings): DynamicModule {
  const answer = fourFields(token);
  @Controller('nudge/token')
  class UnguardedController {
    @Get()
    @Header('Cache-Control', 'no-store')
    get(): object {
      return answer;
    }
  }
  @Module({ controllers: [UnguardedController] })
  class UnguardedModule {}
  return { module: UnguardedModule };
}

interface EitherResponse {
  readonly raw?: unknown;
  header(name: string, value: string): void;
  send(body: string): void;
  setHeader(name: string, value: string): void;
  end(body: string): void;
}

/** The upper limit for a guarded route: there is no guard, and the route writes the same text in the endpoint's way. */
export function writtenDirectly({ token }: RouteSettings): DynamicModule {
  const body = JSON.stringify(fourFields(token));
  @Controller('nudge/token')
  class DirectController {
    @Get()
    get(@Res() response: EitherResponse): void {
      const isFastify = response.raw !== undefined;
      if (isFastify) {
        response.header('cache-control', 'no-store');
        response.header('content-type', 'application/json; charset=utf-8');
        response.send(body);
      } else {
        response.setHeader('cache-control', 'no-store');
        response.setHeader('content-type', 'application/json; charset=utf-8');
        response.end(body);
      }
    }
  }
  @Module({ controllers: [DirectController] })
  class DirectModule {}
  return { module: DirectModule };
}

/** A strategy as the documentation of Nest shows it, with the key as a string. */
function hostStrategy({ algorithm, verification }: RouteSettings): DynamicModule {
  @Injectable()
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKey: verification,
        algorithms: [algorithm],
      });
    }

    validate(payload: { sub: string; email: string }): object {
      return { userId: payload.sub, email: payload.email };
    }
  }
  @Module({ imports: [PassportModule], providers: [JwtStrategy] })
  class AuthModule {}
  return { module: AuthModule };
}

export function usualGuard(settings: RouteSettings): DynamicModule {
  const answer = fourFields(settings.token);
  @Controller('nudge/token')
  @UseGuards(AuthGuard('jwt'))
  class GuardedController {
    @Get()
    @Header('Cache-Control', 'no-store')
    get(): object {
      return answer;
    }
  }
  @Module({ imports: [hostStrategy(settings)], controllers: [GuardedController] })
  class GuardedModule {}
  return { module: GuardedModule };
}

/** A guarded route that calls the vendor at every request. */
export function usualGuardAndCall(settings: RouteSettings): DynamicModule {
  @Controller('nudge/token')
  @UseGuards(AuthGuard('jwt'))
  class CallingController {
    constructor(@Inject(HttpService) private readonly http: HttpService) {}

    @Get()
    @Header('Cache-Control', 'no-store')
    async get(): Promise<object> {
      const { data } = await firstValueFrom(
        this.http.get<{ token: string }>(settings.slowUrl, { headers: { apiKey: settings.apiKey } }),
      );
      return fourFields(data.token);
    }
  }
  @Module({ imports: [hostStrategy(settings), HttpModule], controllers: [CallingController] })
  class CallingModule {}
  return { module: CallingModule };
}

export function nudgeEndpoint({ algorithm, verification, apiKey, baseUrl }: RouteSettings): DynamicModule {
  return NudgeAuthModule.forRoot({
    apiKey,
    baseUrl,
    userJwt:
      algorithm === 'HS256'
        ? { secret: verification, algorithms: [algorithm] }
        : { publicKey: verification, algorithms: [algorithm] },
  });
}
