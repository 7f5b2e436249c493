import { Inject, Injectable } from '@nestjs/common';
import { TokenCache } from './cache/token-cache.js';
import { NudgeAuthError } from './common/errors.js';
import { NUDGE_AUTH_OPTIONS } from './nudge-auth.decorators.js';
import { MAX_EXPIRY_MINS, MAX_EXT_ID_LENGTH, MIN_EXPIRY_MINS } from './nudge-auth.options.js';
import type { ResolvedNudgeAuthOptions } from './nudge-auth.options-resolution.js';
import type { NudgeToken } from './token/nudge-token.js';

/** Which token is meant. */
export interface NudgeTokenSelector {
  /** Minutes the token lives, 30 to 1440. Default: the registration's `defaultExpiryMins`. */
  expiryMins?: number;
  /** The user's external id, 1 to 100 characters. Required in scope `'user'`, refused in scope `'client'`. */
  extId?: string;
}

export interface NudgeTokenRequest extends NudgeTokenSelector {
  /** `true` skips the held token and gets one that was fetched after this call. */
  forceRefresh?: boolean;
  /** Releases this caller when aborted, with the signal's reason; what others wait for goes on. */
  signal?: AbortSignal;
}

/** What the service knows of its own work. Holds neither tokens nor keys. */
export interface NudgeTokenStatus {
  readonly scope: 'client' | 'user';
  /** Tokens held at the moment. */
  readonly heldTokens: number;
}

/** Hands out Nudge tokens: held ones while they are good, new ones when they are not. */
@Injectable()
export class NudgeTokenService {
  readonly #cache: TokenCache;
  readonly #options: ResolvedNudgeAuthOptions;

  constructor(
    @Inject(TokenCache) cache: TokenCache,
    @Inject(NUDGE_AUTH_OPTIONS) options: ResolvedNudgeAuthOptions,
  ) {
    this.#cache = cache;
    this.#options = options;
  }

  /**
   * A token that still lives for a while: held where possible, fetched from Nudge otherwise.
   *
   * @throws {NudgeAuthError} with the `code` that tells why there is none; at the latest after `http.deadlineMs`.
   */
  async getToken(request: NudgeTokenRequest = {}): Promise<NudgeToken> {
    const selected = this.#select(request);
    if (!this.#options.enabled()) {
      throw new NudgeAuthError('NUDGE_DISABLED', 'Nudge tokens are switched off by the option "enabled"');
    }
    request.signal?.throwIfAborted();
    const token = this.#cache.getToken({ ...selected, forceRefresh: request.forceRefresh });
    return request.signal === undefined ? token : untilAborted(token, request.signal);
  }

  /**
   * Lets go of the held token: the next caller gets a new one. Nudge's tokens cannot be withdrawn, so whoever has the
   * old one keeps it until it expires.
   *
   * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` when the selector is out of bounds.
   */
  async invalidate(request: NudgeTokenSelector = {}): Promise<void> {
    this.#cache.invalidate(this.#select(request));
  }

  /** What is held; never a token or a key. */
  status(): NudgeTokenStatus {
    return { scope: this.#options.scope, heldTokens: this.#cache.size };
  }

  #select({ expiryMins = this.#options.defaultExpiryMins, extId }: NudgeTokenSelector): {
    expiryMins: number;
    extId: string | undefined;
  } {
    if (!Number.isInteger(expiryMins) || expiryMins < MIN_EXPIRY_MINS || expiryMins > MAX_EXPIRY_MINS) {
      throw invalid(`expiryMins must be a whole number from ${MIN_EXPIRY_MINS} to ${MAX_EXPIRY_MINS}`);
    }
    if (this.#options.scope === 'client' && extId !== undefined) {
      throw invalid(
        "extId is refused in scope 'client', where one token serves every user: set scope to 'user'",
      );
    }
    if (this.#options.scope === 'user') {
      if (typeof extId !== 'string' || extId === '' || extId.length > MAX_EXT_ID_LENGTH) {
        throw invalid(`extId must be a string of 1 to ${MAX_EXT_ID_LENGTH} characters in scope 'user'`);
      }
    }
    return { expiryMins, extId };
  }
}

function invalid(message: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_INVALID_REQUEST', message);
}

/** Settles as `work` does, or rejects with the signal's reason, whichever comes first; `work` itself goes on. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
