import { elapsedMs, type Clock, type Instant } from '../../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../../common/durations.js';
import { repeatForMs, writeToken, type SameTokenFault, type TokenFault } from '../faults/token-faults.js';
import type { SigningKeys } from './signing-keys.js';

/** The token that a correct request asks for. */
export interface TokenGrant {
  readonly expiryMins: number;
  readonly extId: string | undefined;
}

/** The faults that change a token, and the time of the vendor's clock. */
interface IssueCircumstances {
  readonly vendorNowMs: number;
  readonly reuse: SameTokenFault | undefined;
  readonly tokenFault: TokenFault | undefined;
}

export interface IssuedToken {
  readonly token: string;
  /** The `kid` of the key that signed the token; `undefined` for a text that is not a JWT. */
  readonly kid: string | undefined;
}

interface RepeatedToken {
  readonly issued: IssuedToken;
  readonly at: Instant;
}

const MINUTE_S = MINUTE_MS / SECOND_MS;

/** Issues the tokens of one account, good tokens and those that a fault asks for. */
export class TokenIssuer {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  readonly #extIdClaim: string | undefined;
  /** Kept for each fault, so that a fault that is set again begins with a new token. */
  readonly #repeated = new WeakMap<SameTokenFault, Map<string, RepeatedToken>>();
  readonly #hits = new WeakMap<TokenFault, number>();

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
    const held = this.#repeated.get(fault) ?? new Map<string, RepeatedToken>();
    this.#repeated.set(fault, held);
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
      hitBefore: this.#countHit(tokenFault),
    };
    const written = writeToken(order, tokenFault);
    if (typeof written === 'string') return { token: written, kid: undefined };
    const { extId } = grant;
    const name = this.#extIdClaim;
    const claims = name === undefined || extId === undefined ? written : { ...written, [name]: extId };
    return { token: this.#keys.issue(claims), kid: this.#keys.kid };
  }

  /** Counts a token that this fault hits. Returns how many it has hit before. */
  #countHit(fault: TokenFault | undefined): number {
    if (fault === undefined) return 0;
    const before = this.#hits.get(fault) ?? 0;
    this.#hits.set(fault, before + 1);
    return before;
  }
}
