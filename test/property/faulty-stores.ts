import type { TokenStore } from '../../src/store/token-store.js';

/** Stores of which every method fails, or hangs, at will. */
export class FaultyStores {
  state: 'well' | 'failing' | 'hanging' = 'well';

  /** The store, and with it its views. */
  wrap(store: TokenStore): TokenStore {
    return new Proxy<TokenStore>(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const call = (...given: unknown[]): unknown => Reflect.apply(value, target, given);
        if (name === 'forTenant' || name === 'bind')
          return (given: unknown) => this.wrap(call(given) as TokenStore);
        if (name === 'callLimitsOf' || name === 'close') return call;
        return (...given: unknown[]) =>
          this.state === 'failing'
            ? Promise.reject(new Error('simulated store fault'))
            : this.state === 'hanging'
              ? new Promise(() => undefined)
              : call(...given);
      },
    });
  }
}
