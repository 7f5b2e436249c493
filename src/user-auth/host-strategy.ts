import type { ModulesContainer } from '@nestjs/core';
import { isKnownHere, lastRegisteredAs, registeredStrategy, type Strategy } from './passport-registry.js';
import { claimStrategy, ownerOf, strategiesAmong } from './strategy-owners.js';

/** The name under which host applications register the strategy for their users' JWTs. */
const NAME = 'jwt';

const REMEDIES =
  "provide your own strategy (class JwtStrategy extends PassportStrategy(Strategy, 'jwt')) in a module; " +
  'let the module verify your users itself with the option userJwt; pass your own guards as endpoint.guards; ' +
  'or set endpoint to false';

/**
 * Why an application has no strategy that it may use. The text follows "the application's passport strategy 'jwt', ".
 */
type StrategyProblem = string;

/**
 * The host's `'jwt'` strategy. It is found once, and the same instance is used from then on. All applications of a
 * process share one passport, so a second application may register the name too. Its users must not be accepted here.
 */
export class HostStrategy {
  readonly #modules: ModulesContainer;
  #bound: Strategy | undefined;

  constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  /**
   * Finds the strategy at bootstrap and binds it.
   *
   * @throws {Error} when there is no strategy that the application may use. The message says what to do.
   */
  bindOrStop(path: string): void {
    const found = this.#find(false);
    if (typeof found !== 'string') {
      this.#bind(found);
      return;
    }
    throw new Error(
      `NudgeAuthModule guards GET /${path} with the application's passport strategy 'jwt', ${found}. ` +
        `Do one of these: ${REMEDIES}. ` +
        'If you register the strategy later or share it with another application on purpose, set endpoint.verifyStrategy to false.',
    );
  }

  /**
   * Binds a strategy that is a provider of the application. Any other strategy is bound when a request first needs it.
   */
  bindOwn(): void {
    const own = this.#findOwn();
    if (own !== undefined) this.#bind(own);
  }

  /**
   * The bound strategy. If none is bound yet, finds one and binds it.
   *
   * @param mayShare whether a strategy of another application may be used.
   * @throws {Error} when there is no strategy that may be used.
   */
  strategy(mayShare: boolean): Strategy {
    if (this.#bound !== undefined) return this.#bound;
    const found = this.#find(mayShare);
    if (typeof found === 'string') {
      throw new Error(`NudgeUserGuard uses the application's passport strategy 'jwt', ${found}`);
    }
    return this.#bind(found);
  }

  #bind(strategy: Strategy): Strategy {
    this.#bound = strategy;
    claimStrategy(this.#modules, strategy);
    return strategy;
  }

  /** A strategy among the application's providers, even if another application has since registered the same name. */
  #findOwn(): Strategy | undefined {
    const own = strategiesAmong(this.#modules);
    const registered = registeredStrategy(NAME);
    return own.find((strategy) => strategy === registered) ?? lastRegisteredAs(NAME, own);
  }

  #find(mayShare: boolean): Strategy | StrategyProblem {
    const own = this.#findOwn();
    if (own !== undefined) return own;
    const unregistered = strategiesAmong(this.#modules).find(
      (strategy) => strategy.name === NAME && !isKnownHere(strategy),
    );
    if (unregistered !== undefined) {
      return (
        `but its provider ${unregistered.constructor.name} is not registered in the passport that the module's @nestjs/passport uses: ` +
        'two copies of passport or @nestjs/passport are installed (npm ls passport @nestjs/passport shows them; keep one)'
      );
    }
    const registered = registeredStrategy(NAME);
    const owner = registered === undefined ? 'none' : ownerOf(this.#modules, registered);
    if (owner === 'another application' && !mayShare) {
      return (
        'but the one that is registered belongs to another application of this process, whose users would be accepted ' +
        '(is an application of an earlier test still open?)'
      );
    }
    return registered === undefined || owner === 'a closed application' ? 'but there is none' : registered;
  }
}
