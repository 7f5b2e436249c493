import type { ModulesContainer } from '@nestjs/core';
import { isKnownHere, lastRegisteredAs, registeredStrategy, type Strategy } from './passport-registry.js';
import { claimStrategy, ownerOf, strategiesAmong } from './strategy-owners.js';

/** The name under which hosts register the strategy for their users' JWTs. */
const NAME = 'jwt';

const CURES =
  "provide your own strategy (class JwtStrategy extends PassportStrategy(Strategy, 'jwt')) in a module; " +
  'let the module verify your users itself with the option userJwt; pass your own guards as endpoint.guards; ' +
  'or set endpoint to false';

/** Why an application has no strategy that it may use, as it goes on after "the application's passport strategy 'jwt', ". */
type Complaint = string;

/**
 * The host's `'jwt'` strategy: found once, and the same instance ever after. passport is one per process, and a second
 * application that registers the name must not let its users in here.
 */
export class HostStrategy {
  readonly #modules: ModulesContainer;
  #bound: Strategy | undefined;

  constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  /**
   * Binds the strategy that there is at bootstrap.
   *
   * @throws {Error} that says what to do where there is none that the application may use.
   */
  bindOrStop(path: string): void {
    const found = this.#find(false);
    if (typeof found !== 'string') {
      this.#bind(found);
      return;
    }
    throw new Error(
      `NudgeAuthModule guards GET /${path} with the application's passport strategy 'jwt', ${found}. ` +
        `Do one of these: ${CURES}. ` +
        'If the strategy is registered later on purpose, or shared on purpose, set endpoint.verifyStrategy to false.',
    );
  }

  /** Binds a strategy that is a provider of the application; another one is bound when it is first asked. */
  bindOwn(): void {
    const own = this.#findOwn();
    if (own !== undefined) this.#bind(own);
  }

  /**
   * The bound strategy, or the one that is bound now.
   *
   * @param mayShare whether one that belongs to another application will do.
   * @throws {Error} where there is none.
   */
  strategy(mayShare: boolean): Strategy {
    if (this.#bound !== undefined) return this.#bound;
    const found = this.#find(mayShare);
    if (typeof found === 'string') {
      throw new Error(`NudgeUserGuard asks the application's passport strategy 'jwt', ${found}`);
    }
    return this.#bind(found);
  }

  #bind(strategy: Strategy): Strategy {
    this.#bound = strategy;
    claimStrategy(this.#modules, strategy);
    return strategy;
  }

  /** A provider of the application; also one whose name another application has taken meanwhile. */
  #findOwn(): Strategy | undefined {
    const own = strategiesAmong(this.#modules);
    const registered = registeredStrategy(NAME);
    return own.find((strategy) => strategy === registered) ?? lastRegisteredAs(NAME, own);
  }

  #find(mayShare: boolean): Strategy | Complaint {
    const own = this.#findOwn();
    if (own !== undefined) return own;
    const stranger = strategiesAmong(this.#modules).find(
      (strategy) => strategy.name === NAME && !isKnownHere(strategy),
    );
    if (stranger !== undefined) {
      return (
        `but its provider ${stranger.constructor.name} is not registered in the passport that the module's @nestjs/passport uses: ` +
        'two copies of passport or @nestjs/passport are installed (npm ls passport @nestjs/passport shows them; keep one)'
      );
    }
    const registered = registeredStrategy(NAME);
    const owner = registered === undefined ? 'none' : ownerOf(this.#modules, registered);
    if (owner === 'another application' && !mayShare) {
      return (
        'but the one that is registered belongs to another application of this process, whose users would be let in ' +
        '(is an application of an earlier test still open?)'
      );
    }
    return registered === undefined || owner === 'a closed application' ? 'but there is none' : registered;
  }
}
