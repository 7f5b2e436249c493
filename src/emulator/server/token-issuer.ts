import { elapsedMs, type Clock, type Instant } from '../../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../../common/durations.js';
import { repeatForMs, writeToken, type SameTokenFault, type TokenFault } from '../faults/token-faults.js';
import type { SigningKeys } from './signing-keys.js';

/** What a request that is in order asks for. */
export interface TokenGrant {
  readonly expiryMins: number;
  readonly extId: string | undefined;
}

/** The faults that bear on a token, and what time the vendor believes it is. */
interface IssueCircumstances {
  readonly vendorNowMs: number;
  readonly reuse: SameTokenFault | undefined;
  readonly tokenFault: TokenFault | undefined;
}

export interface IssuedToken {
  readonly token: string;
  /** The key that signed it; `undefined` for garbage. */
  readonly kid: string | undefined;
}

interface HeldToken {
  readonly issued: IssuedToken;
  readonly at: Instant;
}

const MINUTE_S = MINUTE_MS / SECOND_MS;

/** Writes the tokens of one account, good ones and those that a fault asks for. */
export class TokenIssuer {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  readonly #extIdClaim: string | undefined;
  /** Held per fault, so that one that is set anew begins with a new token. */
  readonly #held = new WeakMap<SameTokenFault, Map<string, HeldToken>>();
  readonly #spoilt = new WeakMap<TokenFault, number>();

  constructor(keys: SigningKeys, clock: Clock, extIdClaim: string | undefined) {
    this.#keys = keys;
    this.#clock = clock;
    this.#extIdClaim = extIdClaim;
  }

  issue(grant: TokenGrant, circumstances: IssueCircumstances): IssuedToken {
    const { reuse } = circumstances;
    return reuse === undefined
      ? this.#write(grant, circumstances)
      : this.#repeat(grant, circumstances, reuse);
  }

  #repeat(grant: TokenGrant, circumstances: IssueCircumstances, fault: SameTokenFault): IssuedToken {
    const held = this.#held.get(fault) ?? new Map<string, HeldToken>();
    this.#held.set(fault, held);
    const name = JSON.stringify([grant.expiryMins, grant.extId]);
    const now = this.#clock.now();
    const last = held.get(name);
    if (last !== undefined && elapsedMs(last.at, now) < repeatForMs(fault)) return last.issued;
    const issued = this.#write(grant, circumstances);
    held.set(name, { issued, at: now });
    return issued;
  }

  #write(grant: TokenGrant, { vendorNowMs, tokenFault }: IssueCircumstances): IssuedToken {
    const order = {
      nowS: Math.floor(vendorNowMs / SECOND_MS),
      lifeS: grant.expiryMins * MINUTE_S,
      spoiltBefore: this.#countSpoilt(tokenFault),
    };
    const written = writeToken(order, tokenFault);
    if (typeof written === 'string') return { token: written, kid: undefined };
    const { extId } = grant;
    const name = this.#extIdClaim;
    const claims = name === undefined || extId === undefined ? written : { ...written, [name]: extId };
    return { token: this.#keys.issue(claims), kid: this.#keys.kid };
  }

  /** How many tokens this fault has spoilt before this one. */
  #countSpoilt(fault: TokenFault | undefined): number {
    if (fault === undefined) return 0;
    const before = this.#spoilt.get(fault) ?? 0;
    this.#spoilt.set(fault, before + 1);
    return before;
  }
}
