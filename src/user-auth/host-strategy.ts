import type { ModulesContainer } from '@nestjs/core';
import passport from 'passport';

/** Strategies of applications that were closed. passport is one per process and keeps them for ever. */
const leftovers = new WeakSet<object>();

/** passport's own look-up, which its types do not show. */
function registeredStrategy(name: string): object | undefined {
  const lookUp: unknown = Reflect.get(passport, '_strategy');
  const strategy: unknown = typeof lookUp === 'function' ? lookUp.call(passport, name) : undefined;
  return typeof strategy === 'object' && strategy !== null ? strategy : undefined;
}

function isProviderOf(modules: ModulesContainer, instance: object): boolean {
  return [...modules.values()].some((module) =>
    [...module.providers.values()].some((provider) => provider.instance === instance),
  );
}

/** Remembers the closing application's `'jwt'` strategy, so that it does not pass for one of the next application. */
export function retireHostStrategy(modules: ModulesContainer): void {
  const strategy = registeredStrategy('jwt');
  if (strategy !== undefined && isProviderOf(modules, strategy)) leftovers.add(strategy);
}

/** Takes a strategy out of passport, unless another application of this process has put its own in its place. */
export function withdrawStrategy(name: string, strategy: object): void {
  if (registeredStrategy(name) === strategy) passport.unuse(name);
}

/**
 * Stops a boot whose endpoint would answer every request with a 500, because nothing can tell who the user is.
 *
 * @throws {Error} that says what to do.
 */
export function assertHostStrategy(modules: ModulesContainer, path: string): void {
  const strategy = registeredStrategy('jwt');
  if (strategy !== undefined && (!leftovers.has(strategy) || isProviderOf(modules, strategy))) return;
  throw new Error(
    `NudgeAuthModule guards GET /${path} with the application's passport strategy 'jwt', but there is none. Do one of these: ` +
      "provide your own strategy (class JwtStrategy extends PassportStrategy(Strategy, 'jwt')) in a module; " +
      'let the module verify your users itself with the option userJwt; pass your own guards as endpoint.guards; ' +
      'or set endpoint to false. If the strategy is registered later on purpose, set endpoint.verifyStrategy to false.',
  );
}
