import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { compactJws } from '../../common/compact-jwt.js';

/**
 * The algorithm that signs the tokens. The vendor's pages show both.
 *
 * @publicApi
 */
export type EmulatorAlgorithm = 'EdDSA' | 'HS256';

/** The ASN.1 bytes before the 32 bytes of every Ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const ED25519_PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public Ed25519 key in the form of a JWKS. */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

interface SigningKey {
  readonly kid: string;
  readonly sign: (input: string) => Buffer;
  /** Absent for HS256: the emulator never publishes a shared secret. */
  readonly publicJwk?: PublicJwk;
}

/** The signing keys of one account. The newest key signs. Older keys stay in the JWKS until they are withdrawn. */
export class SigningKeys {
  readonly algorithm: EmulatorAlgorithm;
  readonly #root: Buffer;
  #published: SigningKey[] = [];
  #current: SigningKey;
  #drawn = 0;

  constructor(algorithm: EmulatorAlgorithm, seed: string | undefined) {
    this.algorithm = algorithm;
    this.#root = seed === undefined ? randomBytes(32) : createHash('sha256').update(seed).digest();
    this.#current = this.#draw();
  }

  get kid(): string {
    return this.#current.kid;
  }

  /** Signs with a new key from now on. */
  rotate(withdrawOld: boolean): void {
    if (withdrawOld) this.#published = [];
    this.#current = this.#draw();
  }

  publicKeys(): PublicJwk[] {
    return this.#published.flatMap(({ publicJwk }) => publicJwk ?? []);
  }

  /**
   * Signs a JWT without `typ`, as in the vendor's sample. Signs synchronously: all work for a request is then scheduled
   * when the request arrives, and a test with a manual clock can rely on that.
   */
  issue(claims: Readonly<Record<string, unknown>>): string {
    const { kid, sign: signText } = this.#current;
    return compactJws({ alg: this.algorithm, kid }, claims, signText);
  }

  #draw(): SigningKey {
    const generation = this.#drawn++;
    const kid = asUuid(this.#derive(`kid ${generation}`));
    const secret = this.#derive(`signing key ${generation}`);
    const key = this.algorithm === 'EdDSA' ? ed25519Key(kid, secret) : hs256Key(kid, secret);
    this.#published.push(key);
    return key;
  }

  #derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#root, '', `nudge-emulator ${purpose}`, 32));
  }
}

function ed25519Key(kid: string, secret: Buffer): SigningKey {
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([ED25519_PKCS8_PREFIX, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicJwk = createPublicKey(key).export({ format: 'jwk' });
  return {
    kid,
    sign: (input) => sign(null, Buffer.from(input), key),
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x: String(publicJwk['x']), kid, alg: 'EdDSA', use: 'sig' },
  };
}

function hs256Key(kid: string, secret: Buffer): SigningKey {
  return { kid, sign: (input) => createHmac('sha256', secret).update(input).digest() };
}

function asUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
