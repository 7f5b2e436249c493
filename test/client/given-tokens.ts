import { tokenAnswer, type FakeRequest } from './fake-world.js';
import type { WatchedTime } from './watched-time.js';

export interface GivenToken {
  readonly epoch: number;
  readonly expiresAtTrueMs: number;
  readonly refreshAtMs: number;
  readonly expiresAtMs: number;
}

/** The tokens that the endpoint has given to a client. */
export class GivenTokens {
  #count = 0;
  readonly #tokens = new Map<string, GivenToken>();
  readonly #sent = new Map<FakeRequest, { trueMs: number; knownMs: number; epoch: number }>();
  readonly #time: WatchedTime;

  constructor(time: WatchedTime) {
    this.#time = time;
  }

  get(token: string): GivenToken | undefined {
    return this.#tokens.get(token);
  }

  clear(): void {
    this.#tokens.clear();
  }

  onRequest(request: FakeRequest, epoch: number): void {
    this.#sent.set(request, { trueMs: this.#time.trueMs, knownMs: this.#time.knownMs, epoch });
  }

  /** Answers a request with a new token. */
  answer(request: FakeRequest, expiresIn: number, share: number): GivenToken | undefined {
    const sent = this.#sent.get(request);
    if (!sent) return undefined;
    this.#count += 1;
    const token = `token ${this.#count}`;
    const held = {
      epoch: sent.epoch,
      expiresAtTrueMs: sent.trueMs + expiresIn * 1_000,
      refreshAtMs: sent.knownMs + expiresIn * share * 1_000,
      expiresAtMs: sent.knownMs + expiresIn * 1_000,
    };
    this.#tokens.set(token, held);
    request.answer(tokenAnswer(token, expiresIn, expiresIn * share));
    return held;
  }

  /** Answers a request that the client has aborted. */
  answerAborted(requests: readonly FakeRequest[]): void {
    const request = requests.find(({ isOpen, isAborted }) => isOpen && isAborted);
    if (request) this.answer(request, 3_600, 0.5);
  }
}
