import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { TokenRecord } from '../store/token-store.js';
import { MAX_ANSWER_BYTES } from '../vendor/axios-instance.js';

const SALT = 'nestjs-nudge-auth';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The upper limit of the bytes in a record beside the token. */
const RECORD_FRAME_BYTES = 1_024;
/** No sealed record is longer: base64url makes four characters of three bytes, and a token is part of an answer of Nudge. */
export const LONGEST_SEALED_CHARS = Math.ceil(((MAX_ANSWER_BYTES + RECORD_FRAME_BYTES) * 4) / 3);
/** 22 characters of base64url hold 128 bits, enough to tell any number of entries apart. */
const ENTRY_CHARS = 22;

function derived(material: Uint8Array, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', material, SALT, purpose, bytes));
}

/** A record as the store seals it. Without the key an attacker can change neither its age nor its generation. */
export interface DatedRecord extends TokenRecord {
  /** The moment from which the record ages, in microseconds of Redis' clock. */
  readonly atUs: number;
  /** The generation to which the record belongs. */
  readonly generation: number;
}

function isRecord(value: unknown): value is DatedRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { token, remainingMs, ageMs, atUs, generation, keyFingerprint } = value as Record<string, unknown>;
  return (
    typeof token === 'string' &&
    Number.isFinite(remainingMs) &&
    Number.isFinite(ageMs) &&
    Number.isFinite(atUs) &&
    Number.isFinite(generation) &&
    typeof keyFingerprint === 'string'
  );
}

/** A key of the store. It makes the names of entries, and seals and opens their records. It does not reveal its secret. */
export class StoreKey {
  /** The id of the key in Redis. */
  readonly id: string;
  /** The fingerprint of the API key from which the key is derived, if it is. */
  readonly keyFingerprint: string | undefined;
  readonly #material: Uint8Array;
  readonly #naming: Buffer;
  readonly #sealing: Buffer;

  constructor(material: Uint8Array, keyFingerprint?: string, id?: string) {
    this.id = id ?? derived(material, 'key id', ID_BYTES).toString('hex');
    this.keyFingerprint = keyFingerprint;
    this.#material = material;
    this.#naming = derived(material, 'entry names', KEY_BYTES);
    this.#sealing = derived(material, 'records', KEY_BYTES);
  }

  /** The key of one tenant, with the same id. It can neither open the records of another tenant nor make their names. */
  forTenant(tenant: string): StoreKey {
    // As JSON: in UTF-8 two different texts with broken Unicode could become the same bytes.
    const material = derived(this.#material, `tenant ${JSON.stringify(tenant)}`, KEY_BYTES);
    return new StoreKey(material, this.keyFingerprint, this.id);
  }

  /** The name of an entry in Redis: an HMAC, so that it does not reveal a user's id. */
  nameOf(entry: string): string {
    return createHmac('sha256', this.#naming).update(entry).digest('base64url').slice(0, ENTRY_CHARS);
  }

  /** @param place the full name under which the record is stored, with all else that an attacker must not change. */
  seal(record: DatedRecord, place: string): string {
    const { token, remainingMs, ageMs, atUs, generation, keyFingerprint } = record;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#sealing, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(`${this.id} ${place}`));
    const plain = JSON.stringify({ token, remainingMs, ageMs, atUs, generation, keyFingerprint });
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return `${this.id}.${sealed.toString('base64url')}`;
  }

  /** The record, or `undefined` if it was not sealed with this key for this place. */
  open(text: string, place: string): DatedRecord | undefined {
    try {
      const sealed = Buffer.from(text.slice(text.indexOf('.') + 1), 'base64url');
      const decipher = createDecipheriv(CIPHER, this.#sealing, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(`${this.id} ${place}`));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = Buffer.concat([
        decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]);
      const record: unknown = JSON.parse(plain.toString());
      return isRecord(record) ? record : undefined;
    } catch {
      // Not a record of ours: a miss.
      return undefined;
    }
  }
}

/** The id of the key that sealed a record. */
export function keyIdOf(sealed: string): string {
  return sealed.slice(0, Math.max(0, sealed.indexOf('.')));
}

/** The keys of one registration. The first makes the names of new records. Records are read under every key. */
export class Keyring {
  readonly first: StoreKey;
  readonly all: readonly StoreKey[];

  constructor(first: StoreKey, older: readonly StoreKey[]) {
    this.first = first;
    this.all = [first, ...older];
  }

  forTenant(tenant: string): Keyring {
    const [first = this.first, ...older] = this.all.map((key) => key.forTenant(tenant));
    return new Keyring(first, older);
  }

  withId(id: string): StoreKey | undefined {
    return this.all.find((key) => key.id === id);
  }

  /** The key for a new record, so that only a process with the API key of the token, or with the host's key, can read it. */
  sealing(keyFingerprint: string): StoreKey | undefined {
    if (this.first.keyFingerprint === undefined) return this.first;
    return this.all.find((key) => key.keyFingerprint === keyFingerprint);
  }
}
