import { PassportStrategy } from '@nestjs/passport';
import type passport from 'passport';

type Passport = Pick<typeof passport, 'use' | 'unuse'>;

/** The part of a passport strategy that is used here. */
export interface Strategy {
  readonly name?: string;
  authenticate(request: unknown, options?: unknown): unknown;
}

/**
 * The copy of passport in which `@nestjs/passport` registers strategies. A project may have several copies installed.
 */
const nestPassport = (
  PassportStrategy(class {} as never).prototype as { getPassportInstance(): Passport }
).getPassportInstance();

/**
 * When each strategy was registered, by name: 1 for the first registration of the process, and so on. passport forgets
 * a strategy that another one replaces. A strategy's own name does not help: that of passport-jwt is always "jwt".
 */
const registrations = new WeakMap<object, Map<string, number>>();
let registrationCount = 0;

/** Records every registration from now on. passport itself works as before. */
function recordRegistrations(): void {
  const use = nestPassport.use as (...given: unknown[]) => typeof passport;
  const recordingUse = function (this: unknown, ...given: unknown[]): typeof passport {
    const result = use.apply(this, given);
    const strategy = given.at(-1);
    const name = given.length > 1 ? given[0] : (strategy as Strategy).name;
    if (this === nestPassport && isStrategy(strategy)) {
      const numbersByName = registrations.get(strategy) ?? new Map<string, number>();
      registrations.set(strategy, numbersByName.set(String(name), ++registrationCount));
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

/** The strategy that passport has under a name now. passport's types do not declare this method. */
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

/** Whether a strategy is or was registered in the copy of passport that this module uses. */
export function isKnownHere(strategy: Strategy): boolean {
  return isRegistered(strategy) || registrations.has(strategy);
}

/** Of these strategies, the one that was registered last under the name. Another strategy may have replaced it since. */
export function lastRegisteredAs(name: string, strategies: readonly Strategy[]): Strategy | undefined {
  const numberOf = (strategy: Strategy): number => registrations.get(strategy)?.get(name) ?? 0;
  const [last] = strategies.toSorted((a, b) => numberOf(b) - numberOf(a));
  return last !== undefined && numberOf(last) > 0 ? last : undefined;
}

export function register(name: string, strategy: Strategy): void {
  nestPassport.use(name, strategy as passport.Strategy);
}

/** Removes a strategy from passport, unless another one has replaced it under that name. */
export function withdraw(name: string, strategy: Strategy): void {
  if (registeredStrategy(name) === strategy) nestPassport.unuse(name);
}
