import { EmulatorInputError, unknownAccount } from '../input-error.js';
import { Account, DEFAULT_ACCOUNT, type AccountRules, type EmulatorAccount } from './account.js';
import type { PublicJwk } from './signing-keys.js';

/** A key that belongs to an account. */
export interface KnownKey {
  readonly account: Account;
  readonly isPublic: boolean;
}

/** Finds accounts by name and by key. A key belongs to one account only. */
export class AccountDirectory {
  readonly #byName: ReadonlyMap<string, Account>;
  readonly #byKey = new Map<string, KnownKey>();

  constructor(accounts: Readonly<Record<string, Required<EmulatorAccount>>>, rules: AccountRules) {
    this.#byName = new Map(
      Object.entries(accounts).map(([name, settings]) => [name, new Account(name, settings, rules)]),
    );
    for (const account of this.#byName.values()) {
      for (const key of account.apiKeys) this.#byKey.set(key, { account, isPublic: false });
      for (const key of account.publicKeys) this.#byKey.set(key, { account, isPublic: true });
    }
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  /** All accounts except the default one. */
  get further(): readonly Account[] {
    return [...this.#byName.values()].filter(({ name }) => name !== DEFAULT_ACCOUNT);
  }

  /** @throws {EmulatorInputError} for a name that no account has. */
  named(name: string = DEFAULT_ACCOUNT): Account {
    const account = this.#byName.get(name);
    if (account === undefined) throw new EmulatorInputError('account', [unknownAccount(this.names)]);
    return account;
  }

  withKey(key: string | undefined): KnownKey | undefined {
    return key === undefined ? undefined : this.#byKey.get(key);
  }

  /** @throws {EmulatorInputError} for a public key, or a key of another account. Then nothing changes. */
  setApiKeys(account: Account, apiKeys: readonly string[]): void {
    const problems = apiKeys.flatMap((key, index) => {
      const known = this.#byKey.get(key);
      if (known === undefined || (known.account === account && !known.isPublic)) return [];
      return [`${index}: ${known.isPublic ? 'is a public key' : 'belongs to another account'}`];
    });
    if (problems.length > 0) throw new EmulatorInputError('apiKeys', problems);
    for (const key of account.apiKeys) this.#byKey.delete(key);
    account.apiKeys = new Set(apiKeys);
    for (const key of apiKeys) this.#byKey.set(key, { account, isPublic: false });
  }

  /** The public keys of all accounts. */
  jwks(): { keys: PublicJwk[] } {
    return { keys: [...this.#byName.values()].flatMap(({ signingKeys }) => signingKeys.publicKeys()) };
  }
}
