import { elapsedMs, type Clock, type Instant } from '../../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../../common/durations.js';
import type { FaultsByLayer } from '../faults/faults.js';
import type { SigningKeys } from './signing-keys.js';
import type { GarbageTokenFault, SameTokenFault, ShrinkingLifeFault } from '../faults/token-faults.js';

/** What a request that is in order asks for. */
export interface TokenGrant {
  readonly expiryMins: number;
  readonly extId: string | undefined;
}

/** The faults that bear on a token, and what time the vendor believes it is. */
export interface IssueCircumstances {
  readonly vendorNowMs: number;
  readonly reuse: SameTokenFault | undefined;
  readonly tokenFault: FaultsByLayer['token'] | undefined;
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

type ClaimsFault = Exclude<FaultsByLayer['token'], GarbageTokenFault>;

const MINUTE_S = MINUTE_MS / SECOND_MS;
const DEFAULT_SAME_TOKEN_MS = 5 * MINUTE_MS;
const GARBAGE = 'this is not a JWT';

/** Writes tokens, good ones and those that a fault asks for. */
export class TokenIssuer {
  /** Held per fault, so that one that is set anew begins with a new token. */
  readonly #held = new WeakMap<SameTokenFault, Map<string, HeldToken>>();
  readonly #shrunk = new WeakMap<ShrinkingLifeFault, number>();

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly extIdClaim: string | undefined,
  ) {}

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
    const now = this.clock.now();
    const last = held.get(name);
    if (last !== undefined && elapsedMs(last.at, now) < (fault.forMs ?? DEFAULT_SAME_TOKEN_MS))
      return last.issued;
    const issued = this.#write(grant, circumstances);
    held.set(name, { issued, at: now });
    return issued;
  }

  #write(grant: TokenGrant, { vendorNowMs, tokenFault }: IssueCircumstances): IssuedToken {
    if (tokenFault?.kind === 'garbage-token') return { token: tokenFault.token ?? GARBAGE, kid: undefined };
    const nowS = Math.floor(vendorNowMs / SECOND_MS);
    const lifeS = grant.expiryMins * MINUTE_S;
    const claims = {
      ...this.#claims(nowS, lifeS, tokenFault),
      ...(this.extIdClaim !== undefined && grant.extId !== undefined && { [this.extIdClaim]: grant.extId }),
    };
    return { token: this.keys.issue(claims), kid: this.keys.kid };
  }

  #claims(nowS: number, lifeS: number, fault: ClaimsFault | undefined): Record<string, unknown> {
    const good = { iat: nowS, exp: nowS + lifeS };
    switch (fault?.kind) {
      case 'expired-token': {
        const exp = nowS - (fault.expiredForS ?? MINUTE_S);
        return { iat: exp - lifeS, exp };
      }
      case 'token-life':
        return { iat: nowS, exp: nowS + fault.lifeS };
      case 'aged-token':
        return { iat: nowS - fault.ageS, exp: nowS - fault.ageS + lifeS };
      case 'shrinking-life':
        return { iat: nowS, exp: nowS + this.#shrink(fault) * MINUTE_S };
      case 'token-without-exp':
        return { iat: good.iat };
      case 'token-without-iat':
        return { exp: good.exp };
      case 'wrong-claims':
        return { ...good, ...fault.claims };
      case undefined:
        break;
    }
    return good;
  }

  #shrink(fault: ShrinkingLifeFault): number {
    const before = this.#shrunk.get(fault) ?? 0;
    this.#shrunk.set(fault, before + 1);
    return Math.max(fault.toMins ?? 30, (fault.fromMins ?? 60) - before * (fault.stepMins ?? 10));
  }
}
