import { PassportStrategy } from '@nestjs/passport';
import type passport from 'passport';

type Passport = Pick<typeof passport, 'use' | 'unuse'>;

/** A passport strategy, as far as it is needed here. */
export interface Strategy {
  readonly name?: string;
  authenticate(request: unknown, options?: unknown): unknown;
}

/** The copy of passport in which `@nestjs/passport` registers strategies: a project may have installed several. */
const nestPassport = (
  PassportStrategy(class {} as never).prototype as { getPassportInstance(): Passport }
).getPassportInstance();

/**
 * When a strategy was registered, by name: 1 for the first registration of the process, and so on. passport forgets a
 * strategy that another replaces, and what a strategy calls itself does not tell: passport-jwt's is "jwt" under any name.
 */
const registrations = new WeakMap<object, Map<string, number>>();
let turns = 0;

/** Keeps a record of what is registered from now on; passport itself works as before. */
function recordRegistrations(): void {
  const use = nestPassport.use as (...given: unknown[]) => typeof passport;
  const recordingUse = function (this: unknown, ...given: unknown[]): typeof passport {
    const result = use.apply(this, given);
    const strategy = given.at(-1);
    const name = given.length > 1 ? given[0] : (strategy as Strategy).name;
    if (this === nestPassport && isStrategy(strategy)) {
      const turnsByName = registrations.get(strategy) ?? new Map<string, number>();
      registrations.set(strategy, turnsByName.set(String(name), ++turns));
    }
    return result;
  };
  nestPassport.use = recordingUse;
}

recordRegistrations();

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
function isRegistered(strategy: Strategy): boolean {
  const strategies: unknown = Reflect.get(nestPassport, '_strategies');
  return Object.values(Object(strategies) as Record<string, unknown>).includes(strategy);
}

/** Whether a strategy is, or once was, registered in our copy of passport. */
export function isKnownHere(strategy: Strategy): boolean {
  return isRegistered(strategy) || registrations.has(strategy);
}

/** Of some strategies, the one that was registered last under a name, whether or not another has replaced it since. */
export function lastRegisteredAs(name: string, strategies: readonly Strategy[]): Strategy | undefined {
  const turnOf = (strategy: Strategy): number => registrations.get(strategy)?.get(name) ?? 0;
  const [last] = strategies.toSorted((a, b) => turnOf(b) - turnOf(a));
  return last !== undefined && turnOf(last) > 0 ? last : undefined;
}

export function register(name: string, strategy: Strategy): void {
  nestPassport.use(name, strategy as passport.Strategy);
}

/** Takes a strategy out of passport, unless another has taken its name. */
export function withdraw(name: string, strategy: Strategy): void {
  if (registeredStrategy(name) === strategy) nestPassport.unuse(name);
}
