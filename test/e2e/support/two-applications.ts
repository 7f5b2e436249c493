import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { NudgeAuthModule, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { ExtractJwt, Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import type { Host, HostSettings } from '../../support/host.js';
import { userJwt } from '../../support/users.js';

export const KEY = 'obviously-fake-private-key-of-two-applications';
export const SECRET_A = 'obviously-fake-user-secret-of-application-a';
export const SECRET_B = 'obviously-fake-user-secret-of-application-b';

export const strategyOptions = (secretOrKey: string): StrategyOptionsWithoutRequest => ({
  jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
  secretOrKey,
  algorithms: ['HS256'],
});

/** The strategy of a host application, as its engineers would write it. */
export function strategyClass(secret: string, name = 'jwt'): new () => Strategy {
  @Injectable()
  class JwtStrategy extends PassportStrategy(Strategy, name) {
    constructor() {
      super(strategyOptions(secret));
    }

    validate({ sub }: { sub: string }): object {
      return { id: sub };
    }
  }
  return JwtStrategy;
}

export function moduleWith(provider: new () => unknown): new () => object {
  @Module({ imports: [PassportModule], providers: [provider] })
  class AuthModule {}
  return AuthModule;
}

/** A strategy that is not a Nest provider. */
export function handMade(secret: string): Strategy {
  return new Strategy(strategyOptions(secret), (payload: unknown, done: (e: unknown, u: unknown) => void) =>
    done(null, payload),
  );
}

/** The statuses that a user of each application gets from a host. */
export async function statuses(host: Host, path = '/nudge/token'): Promise<{ a: number; b: number }> {
  const statusOf = async (secret: string): Promise<number> => {
    const authorization = `Bearer ${await userJwt({ sub: 'ada' }, { secret })}`;
    return (await host.get(path, { authorization })).status;
  };
  return { a: await statusOf(SECRET_A), b: await statusOf(SECRET_B) };
}

export const ONLY_A = { a: 200, b: 401 };
export const ONLY_B = { a: 401, b: 200 };

interface Registered {
  readonly of: (options?: Partial<NudgeAuthModuleOptions>) => DynamicModule;
  readonly withStrategy: (secret: string, options?: Partial<NudgeAuthModuleOptions>) => Promise<Host>;
  readonly withoutStrategy: (options?: Partial<NudgeAuthModuleOptions>) => Promise<Host>;
}

/** Registrations that call the emulator, alone, and in applications with and without a strategy of their own. */
export function registeredOn(
  start: (settings: HostSettings) => Promise<Host>,
  emulator: () => NudgeEmulator,
): Registered {
  const of: Registered['of'] = (options = {}) =>
    NudgeAuthModule.forRoot({ apiKey: KEY, baseUrl: emulator().url, ...options } as NudgeAuthModuleOptions);
  return {
    of,
    withStrategy: (secret, options) => start({ modules: [of(options), moduleWith(strategyClass(secret))] }),
    withoutStrategy: (options) => start({ modules: [of(options), PassportModule] }),
  };
}
