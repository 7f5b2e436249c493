import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/durations.js';
import type { TokenStoreUser } from '../store/token-store.js';
import { Keyring, StoreKey } from './keyring.js';

const REFRESH_AFTER_MS = MINUTE_MS;
/** A key may be missing because it was rotated in elsewhere. For other unreadable records one question in this time is enough. */
const ASK_EVERY_MS = SECOND_MS;

/** Provides the keys of one registration. */
export interface KeyringSource {
  keyring(): Promise<Keyring>;
  /** The keys, asked for anew because one key is missing. */
  refreshed(): Promise<Keyring>;
}

/** The keys that the host gives. They never change. */
export function givenKeys(encryptionKeys: readonly Uint8Array[]): KeyringSource {
  const [first, ...older] = encryptionKeys.map((key) => new StoreKey(key));
  const keyring =
    first === undefined
      ? Promise.reject(
          new TypeError(
            'RedisTokenStore has no key: give it encryptionKeys, or use it as the store of a NudgeAuthModule with an API key',
          ),
        )
      : Promise.resolve(new Keyring(first, older));
  keyring.catch(() => undefined);
  return { keyring: () => keyring, refreshed: () => keyring };
}

/** Derives the keys from the API keys, which the operator may rotate at any time. */
export class ApiKeyring implements KeyringSource {
  readonly #user: TokenStoreUser;
  readonly #clock: Clock;
  #known: Keyring | undefined;
  #asking: Promise<Keyring> | undefined;
  #askedAt: Instant | undefined;

  constructor(user: TokenStoreUser, clock: Clock) {
    this.#user = user;
    this.#clock = clock;
  }

  async keyring(): Promise<Keyring> {
    if (this.#known === undefined) return this.#ask();
    // In the background: otherwise a slow secret manager would look like a slow store.
    if (this.#isOlderThan(REFRESH_AFTER_MS)) this.#ask().catch(() => undefined);
    return this.#known;
  }

  async refreshed(): Promise<Keyring> {
    return this.#known !== undefined && !this.#isOlderThan(ASK_EVERY_MS) ? this.#known : this.#ask();
  }

  #isOlderThan(ms: number): boolean {
    return this.#askedAt === undefined || elapsedMs(this.#askedAt, this.#clock.now()) >= ms;
  }

  #ask(): Promise<Keyring> {
    this.#askedAt = this.#clock.now();
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #fetch(): Promise<Keyring> {
    const keys = (await this.#user.secrets()).map(
      ({ material, keyFingerprint }) => new StoreKey(material, keyFingerprint),
    );
    const [first, ...older] = keys;
    if (first === undefined)
      throw new TypeError('There is no API key from which to derive an encryption key');
    this.#known = new Keyring(first, older);
    return this.#known;
  }
}

/** Derives the keys of one tenant from the keys of its registration. */
export class TenantKeyring implements KeyringSource {
  readonly #source: KeyringSource;
  readonly #tenant: string;
  #last: { readonly of: Keyring; readonly keyring: Keyring } | undefined;

  constructor(source: KeyringSource, tenant: string) {
    this.#source = source;
    this.#tenant = tenant;
  }

  async keyring(): Promise<Keyring> {
    return this.#derivedFrom(await this.#source.keyring());
  }

  async refreshed(): Promise<Keyring> {
    return this.#derivedFrom(await this.#source.refreshed());
  }

  #derivedFrom(of: Keyring): Keyring {
    if (this.#last?.of !== of) this.#last = { of, keyring: of.forTenant(this.#tenant) };
    return this.#last.keyring;
  }
}
