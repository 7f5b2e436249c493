import { PassportStrategy } from '@nestjs/passport';
import type passport from 'passport';

type Passport = Pick<typeof passport, 'use' | 'unuse'>;

/** A passport strategy, as far as it is needed here. */
export interface Strategy {
  readonly name?: string;
  authenticate(request: unknown, options?: unknown): unknown;
  /** Nest's `PassportStrategy` adds it. */
  getPassportInstance?(): unknown;
}

/** The copy of passport in which `@nestjs/passport` registers strategies: a project may have installed several. */
const nestPassport = (
  PassportStrategy(class {} as never).prototype as { getPassportInstance(): Passport }
).getPassportInstance();

export function isStrategy(value: unknown): value is Strategy {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Strategy>).authenticate === 'function'
  );
}

/** passport's own look-up, which its types do not show. */
export function registeredStrategy(name: string): Strategy | undefined {
  const lookUp: unknown = Reflect.get(nestPassport, '_strategy');
  const strategy: unknown = typeof lookUp === 'function' ? lookUp.call(nestPassport, name) : undefined;
  return isStrategy(strategy) ? strategy : undefined;
}

/** Whether a strategy is registered under any name. */
export function isRegistered(strategy: Strategy): boolean {
  const strategies: unknown = Reflect.get(nestPassport, '_strategies');
  return Object.values(Object(strategies) as Record<string, unknown>).includes(strategy);
}

/** Whether Nest's `PassportStrategy` registered this strategy in our copy of passport; another may have replaced it. */
export function wasRegisteredHere(strategy: Strategy): boolean {
  return strategy.getPassportInstance?.() === nestPassport;
}

export function register(name: string, strategy: Strategy): void {
  nestPassport.use(name, strategy as passport.Strategy);
}

/** Takes a strategy out of passport, unless another has taken its name. */
export function withdraw(name: string, strategy: Strategy): void {
  if (registeredStrategy(name) === strategy) nestPassport.unuse(name);
}
