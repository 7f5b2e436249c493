import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { algorithmsFor, publicKeyObject } from '../common/verification-keys.js';

/** No issuer publishes so many keys at once. The limit exists because each key takes time on the event loop to read. */
const MAX_KEYS = 200;

interface PublishedKey {
  readonly kid: string | undefined;
  /** The algorithms that the key may verify: only one if the issuer names it (RFC 7517 §4.4). */
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

/** Names a key by its material, so that a key that is published again stays the same object. */
function materialOf({ kty, crv, n, e, x, y }: JsonWebKey): string {
  return JSON.stringify([kty, crv, n, e, x, y]);
}

function isForVerifying(jwk: JsonWebKey): boolean {
  const { use, key_ops: operations, d } = jwk;
  if (use !== undefined && use !== 'sig') return false;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false;
  // If the private half is published too, any caller can sign with it.
  return d === undefined;
}

function readKey(jwk: JsonWebKey): KeyObject | undefined {
  try {
    return publicKeyObject(createPublicKey({ key: jwk, format: 'jwk' }));
  } catch {
    // The key is of an unknown type, broken or too short. The other keys of the list can still be used.
    return undefined;
  }
}

function isJwk(value: unknown): value is JsonWebKey {
  return typeof value === 'object' && value !== null;
}

/** The keys of one JWK set that can verify the users' JWTs. */
export class JwksKeySet {
  readonly #published: readonly PublishedKey[];
  readonly #byMaterial = new Map<string, KeyObject>();
  readonly #all: ReadonlySet<KeyObject>;

  /**
   * @param jwks the list as it was published. Keys that cannot be used are skipped.
   * @param algorithms the algorithms that a user's JWT may be signed with.
   * @param former the set that this one replaces.
   */
  constructor(jwks: readonly unknown[], algorithms: readonly string[], former?: JwksKeySet) {
    const before = former === undefined ? new Map<string, KeyObject>() : former.#byMaterial;
    this.#published = jwks
      .slice(0, MAX_KEYS)
      .filter(isJwk)
      .filter(isForVerifying)
      .flatMap((jwk): PublishedKey[] => {
        const material = materialOf(jwk);
        const key = this.#byMaterial.get(material) ?? before.get(material) ?? readKey(jwk);
        if (key === undefined) return [];
        const { kid, alg } = jwk;
        const fitting = algorithmsFor(key).filter(
          (name) => algorithms.includes(name) && (alg === undefined || alg === name),
        );
        if (fitting.length === 0) return [];
        this.#byMaterial.set(material, key);
        return [{ kid: typeof kid === 'string' ? kid : undefined, algorithms: fitting, key }];
      });
    this.#all = new Set(this.#byMaterial.values());
  }

  /** The number of different keys. */
  get size(): number {
    return this.#all.size;
  }

  /** The kids of the published keys that can be used. */
  get kids(): readonly (string | undefined)[] {
    return this.#published.map(({ kid }) => kid);
  }

  has(key: KeyObject): boolean {
    return this.#all.has(key);
  }

  /** The keys that a JWT with this header may be signed with. */
  find({ alg, kid }: { readonly alg: string; readonly kid: string | undefined }): readonly KeyObject[] {
    const fitting = this.#published.filter(
      (one) => (kid === undefined || one.kid === kid) && one.algorithms.includes(alg),
    );
    return [...new Set(fitting.map(({ key }) => key))];
  }
}
