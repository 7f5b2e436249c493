import { types } from 'node:util';
import { elapsedMs, type Clock, type Instant } from '../common/clock.js';
import type { Deadline } from '../common/deadline.js';
import { MINUTE_MS } from '../common/durations.js';
import { NudgeAuthError } from '../common/errors.js';
import { Secret } from '../common/secret.js';
import { systemErrorCodeOf } from '../common/error-kind.js';
import type { ApiKeyRole, NudgeAuthEvents } from '../telemetry/events.js';
import { apiKeyProblem } from './api-key-problem.js';
import { timeout } from './failures.js';

/** A source of an API key that hears when the vendor has refused the key, and can then look it up again. */
export interface ApiKeySource {
  /** @param isRefused whether the vendor has just refused the last key of this source. */
  key(isRefused: boolean): Secret | Promise<Secret>;
}

/** An API key, or where to get it before each call, so that a rotated key is used at once. */
export type ApiKeyProvider = Secret | (() => string | Promise<string>) | ApiKeySource;

function unavailable(reason: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_UNAVAILABLE', `The API key could not be read: ${reason}`);
}

/** Only the kind of the error is reported: an error of a secret manager may quote the secret in any of its fields. */
function kindOf(error: unknown): string {
  // `instanceof` would miss errors of another realm, which Node can throw.
  if (!types.isNativeError(error)) return typeof error;
  const code = systemErrorCodeOf(error);
  const name = /^[A-Z][a-zA-Z]*(Error|Exception)$/.test(error.name) ? error.name : 'Error';
  return code === undefined ? name : `${name}, ${code}`;
}

class KeyTimeout extends Error {}

/**
 * The API key for the next call.
 *
 * @throws {NudgeAuthError} `NUDGE_UNAVAILABLE` when the host's function throws or returns no valid key; `NUDGE_TIMEOUT`
 * when it takes longer than the deadline.
 */
export async function askForApiKey(
  provider: ApiKeyProvider,
  deadline: Deadline,
  isRefused = false,
): Promise<Secret> {
  if (provider instanceof Secret) return provider;
  if (typeof provider !== 'function') {
    return deadline.race(Promise.resolve(provider.key(isRefused)), timeout);
  }
  let key: unknown;
  try {
    key = await deadline.race(Promise.resolve().then(provider), () => new KeyTimeout());
  } catch (error) {
    if (error instanceof KeyTimeout) {
      throw new NudgeAuthError(
        'NUDGE_TIMEOUT',
        'The function given as apiKey did not return within the deadline',
      );
    }
    throw unavailable(`the function given for it failed (${kindOf(error)})`);
  }
  if (typeof key !== 'string' || apiKeyProblem(key) !== undefined) {
    throw unavailable(
      'the function given for it must return a string of 1 to 4096 characters without white space or quotes',
    );
  }
  return new Secret(key);
}

/** A refused key is tried again after this time, in case the vendor accepts it now. A new key is tried at once. */
const REFUSED_KEY_RETRY_MS = 5 * MINUTE_MS;

/** A key and its role. */
export interface RankedApiKey {
  readonly key: Secret;
  readonly role: ApiKeyRole;
}

/** Where the two keys come from. They are read before every call, because the configuration may change. */
export interface ApiKeyProviders {
  readonly primary: ApiKeyProvider;
  readonly fallback: ApiKeyProvider | undefined;
}

/** Chooses between the two API keys, and remembers whether the vendor has refused the first one. */
export class ApiKeys {
  readonly #providers: ApiKeyProviders;
  readonly #events: NudgeAuthEvents;
  readonly #clock: Clock;
  #refusedPrimary: { readonly fingerprint: string; readonly at: Instant } | undefined;
  #inUse: ApiKeyRole = 'primary';

  constructor(providers: ApiKeyProviders, events: NudgeAuthEvents, clock: Clock) {
    this.#providers = providers;
    this.#events = events;
    this.#clock = clock;
  }

  /**
   * The keys to try, one after the other as long as the vendor refuses them. After a refusal the first key is read once
   * more, because it may have been rotated a moment ago.
   *
   * @throws {NudgeAuthError} when a key cannot be read.
   */
  async *candidates(deadline: Deadline): AsyncGenerator<RankedApiKey> {
    const { primary, fallback } = this.#providers;
    const first = await askForApiKey(primary, deadline);
    const wasRefusedRecently = this.#wasRefusedRecently(first);
    if (!wasRefusedRecently) {
      yield { key: first, role: 'primary' };
      // If it cannot be read this time, the first key counts as refused and the fallback is tried next.
      const again = await askForApiKey(primary, deadline, true).catch(() => first);
      if (again.fingerprint !== first.fingerprint) yield { key: again, role: 'primary' };
    }
    if (fallback !== undefined) yield { key: await askForApiKey(fallback, deadline), role: 'fallback' };
    if (wasRefusedRecently) yield { key: first, role: 'primary' };
  }

  /** Records that the vendor accepted a key. */
  accepted({ key, role }: RankedApiKey): void {
    if (role === 'primary') this.#refusedPrimary = undefined;
    if (role === this.#inUse) return;
    this.#inUse = role;
    this.#events.emit({ type: 'key-in-use', role, keyFingerprint: key.fingerprint });
  }

  /** Records that the vendor refused a key. */
  refused({ key, role }: RankedApiKey): void {
    if (role === 'primary') this.#refusedPrimary = { fingerprint: key.fingerprint, at: this.#clock.now() };
    this.#events.emit({ type: 'key-refused', role, keyFingerprint: key.fingerprint });
  }

  /** Always `false` without a fallback: then there is no other key to try first. */
  #wasRefusedRecently({ fingerprint }: Secret): boolean {
    const refused = this.#refusedPrimary;
    return (
      this.#providers.fallback !== undefined &&
      refused?.fingerprint === fingerprint &&
      elapsedMs(refused.at, this.#clock.now()) < REFUSED_KEY_RETRY_MS
    );
  }
}
