import { Injectable } from '@nestjs/common';
import { NudgeEmulator, type EmulatorFault } from 'nestjs-nudge-auth/emulator';

/** The faults of the emulator behind the page's buttons. */
const FAULTS = {
  none: [],
  down: [{ kind: 'status', status: 503 }],
  slow: [{ kind: 'latency', latencyMs: 2_000 }],
  silent: [{ kind: 'hang' }],
  'wrong-key': [{ kind: 'status', status: 401, message: 'Invalid API key' }],
  'rate-limited': [{ kind: 'rate-limit', retryAfterS: 20 }],
  'expired-tokens': [{ kind: 'expired-token' }],
  nonsense: [{ kind: 'not-json' }],
} satisfies Record<string, EmulatorFault[]>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS);

export function isFaultName(name: unknown): name is FaultName {
  return typeof name === 'string' && FAULT_NAMES.includes(name);
}

/** Demo only: sets one fault and one token life of the emulator at a time. */
@Injectable()
export class NudgeSwitchboard {
  #fault: FaultName = 'none';
  #tokenLifeS: number | undefined;

  constructor(private readonly nudge: NudgeEmulator) {}

  get state(): { fault: FaultName; tokenLifeS: number | null } {
    return { fault: this.#fault, tokenLifeS: this.#tokenLifeS ?? null };
  }

  setFault(name: FaultName): void {
    this.#fault = name;
    this.#apply();
  }

  /** `undefined`: the lifetime that the backend asks for. */
  setTokenLife(lifeS: number | undefined): void {
    this.#tokenLifeS = lifeS;
    this.#apply();
  }

  #apply(): void {
    this.nudge.clearFaults();
    if (this.#tokenLifeS !== undefined) this.nudge.setFault({ kind: 'token-life', lifeS: this.#tokenLifeS });
    this.nudge.setFault(...FAULTS[this.#fault]);
  }
}
