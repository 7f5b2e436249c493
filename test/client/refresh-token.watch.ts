import assert from 'node:assert/strict';
import {
  createRefreshToken,
  type RefreshToken,
  type RefreshTokenClock,
  type RefreshTokenEvent,
} from '../../src/client/index.js';
import {
  FakeDevice,
  FakeEndpoint,
  settle,
  tokenAnswer,
  type FakeAnswer,
  type FakeBrowser,
  type FakeRequest,
} from './fake-world.js';

/** One step of a history. */
export type Step =
  | { readonly do: 'call' | 'hide' | 'show' | 'go online' | 'reset' | 'stop' }
  | { readonly do: 'other user' | 'sign out' | 'sign in' | 'renew access' | 'break headers' | 'mend headers' }
  | { readonly do: 'answer'; readonly answer: FakeAnswer | 'network error' }
  | { readonly do: 'answer too late' }
  | { readonly do: 'answer with a token'; readonly expiresIn: number; readonly share: number }
  | { readonly do: 'pass' | 'sleep' | 'set clock'; readonly ms: number };

interface Call {
  readonly epoch: number;
  readonly startedAtAwakeMs: number;
  isSettled: boolean;
  mustBeSettled?: boolean;
}

interface Held {
  readonly epoch: number;
  readonly expiresAtTrueMs: number;
  readonly refreshAtMs: number;
  readonly expiresAtMs: number;
}

const MOST_REQUESTS_OF_A_FLIGHT = 3;

/**
 * Runs a client through a history, checks its behaviour from outside, and fails as soon as the client breaks a rule.
 */
export class Watch {
  private readonly device = new FakeDevice();
  /** The clock for the client: the watch reads the time whenever the client does. */
  private readonly clock: RefreshTokenClock = {
    Date: {
      now: () => {
        this.readClocks();
        return this.device.Date.now();
      },
    },
    performance: this.device.performance,
    setTimeout: (callback, delayMs) => this.device.setTimeout(callback, delayMs),
    clearTimeout: (timer) => this.device.clearTimeout(timer),
  };
  private readonly endpoint: FakeEndpoint;
  private readonly refreshToken: RefreshToken;
  private readonly faults: unknown[] = [];
  private readonly calls: Call[] = [];
  private readonly tokens = new Map<string, Held>();
  private readonly sent = new Map<FakeRequest, { trueMs: number; knownMs: number; epoch: number }>();

  private tokenCount = 0;
  private epoch = 1;
  private isStopped = false;
  /** The user of the headers that the client got last. */
  private toldEpoch = 1;
  private isSignedIn = true;
  private access = 1;
  private isBroken = false;

  /** The time that has passed in truth. */
  private trueMs = 0;
  /** The time that has passed as far as the client knows: it cannot know what its clocks did between two readings. */
  private knownMs = 0;
  private awakeMs = 0;
  private lastWallMs = this.device.Date.now();
  private lastMonotonicMs = this.device.performance.now();

  private requestsOfFlight = 0;
  private pausedUntilMs = 0;
  private earliestEndAtMs = 0;
  private refusedHeaders: string | undefined;
  private lastRetryAfterMs = 0;
  private lastForcedMs = -Infinity;
  private streak = 0;
  private lastKind: string | undefined;
  private newest: Held | undefined;
  /** Whether the SDK has got the token of the last fetch. */
  private isTaken = false;

  constructor(
    private readonly browser: FakeBrowser,
    random: () => number,
    canAbort: boolean,
    private readonly hasIdentity: boolean,
  ) {
    this.endpoint = new FakeEndpoint(!canAbort);
    this.refreshToken = createRefreshToken({
      endpoint: '/nudge/token',
      clock: this.clock,
      random,
      headers: async () => this.giveHeaders(),
      ...(hasIdentity ? { identity: () => `${this.epoch}` } : {}),
      fetch: (url, init) => {
        const answer = this.endpoint.fetch(url, init);
        // The client would catch an error from here, so `check` keeps it.
        this.check(() => this.onRequest(this.endpoint.last));
        return answer;
      },
      onEvent: (event) => this.check(() => this.onEvent(event)),
    });
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.take(step);
      await settle();
      this.checkCalls();
    }
    await this.checkEnd();
  }

  private async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'call':
        // Not awaited: a later step answers it.
        void this.call();
        return;
      case 'hide':
        return this.browser.hide();
      case 'show':
        return this.wake(() => this.browser.show(), true);
      case 'go online':
        return this.wake(() => this.browser.comeOnline(), this.isVisible);
      case 'reset':
        return this.beginEpoch(() => this.refreshToken.reset(), false);
      case 'stop':
        return this.beginEpoch(() => this.refreshToken.stop(), true);
      case 'other user':
        // The app forgot `reset()`.
        this.epoch += 1;
        return;
      case 'sign out':
      case 'sign in':
        this.isSignedIn = step.do === 'sign in';
        return;
      case 'break headers':
      case 'mend headers':
        this.isBroken = step.do === 'break headers';
        return;
      case 'renew access':
        this.access += 1;
        return;
      case 'answer':
        return this.answer(step.answer);
      case 'answer with a token':
        return this.answerWithToken(step.expiresIn, step.share);
      case 'answer too late':
        return this.answerTooLate();
      case 'pass':
        return this.pass(step.ms);
      case 'sleep':
        this.device.sleep(step.ms);
        this.trueMs += step.ms;
        return;
      case 'set clock':
        return this.device.setWallClock(step.ms);
    }
  }

  private get isVisible(): boolean {
    return this.browser.document.visibilityState === 'visible';
  }

  private get openRequests(): number {
    return this.endpoint.requests.filter(({ isOpen, isAborted }) => isOpen && !isAborted).length;
  }

  private check(assertions: () => void): void {
    try {
      assertions();
    } catch (fault) {
      this.faults.push(fault);
    }
  }

  private beginEpoch(end: () => void, isStopped: boolean): void {
    // The next user is there at once: an answer under way belongs to the former user.
    this.epoch += 1;
    this.isStopped = isStopped;
    this.requestsOfFlight = this.streak = this.pausedUntilMs = this.earliestEndAtMs = 0;
    this.lastKind = this.newest = this.refusedHeaders = undefined;
    this.lastForcedMs = -Infinity;
    this.lastRetryAfterMs = 0;
    this.isTaken = false;
    for (const call of this.calls) call.mustBeSettled = true;
    end();
    if (isStopped) assert.equal(this.device.timers.size, 0, 'stop() left a timer');
  }

  private call(): Promise<string | null> {
    const call: Call = { epoch: this.epoch, startedAtAwakeMs: this.awakeMs, isSettled: false };
    this.calls.push(call);
    const answer = this.refreshToken();
    void this.watchAnswer(call, answer);
    return answer;
  }

  private async watchAnswer(call: Call, answer: Promise<string | null>): Promise<void> {
    try {
      const token = await answer;
      call.isSettled = true;
      this.onAnswer(call, token);
    } catch (fault) {
      this.faults.push(fault);
    }
  }

  private onAnswer(call: Call, token: string | null): void {
    if (token === null) return;
    this.isTaken = true;
    const held = this.tokens.get(token);
    assert.ok(held, 'a call got a token that is not held any more');
    assert.equal(held.epoch, call.epoch, 'a call got the token of another user');
    // Without the option `identity`, the client cannot know that the user left during the call.
    if (this.hasIdentity) assert.equal(call.epoch, this.epoch, 'a call of a user who has left got a token');
    assert.ok(held.expiresAtTrueMs > this.trueMs, 'a call got an expired token');
  }

  private giveHeaders(): Record<string, string> | null {
    this.readClocks();
    if (this.isBroken) throw new Error('storage is locked');
    const headers = this.isSignedIn ? { Authorization: this.giveAccessToken() } : null;
    if (this.toldEpoch !== this.epoch) {
      this.toldEpoch = this.epoch;
      this.requestsOfFlight = 0;
      this.newest = undefined;
    }
    if (this.refusedHeaders !== undefined && JSON.stringify(headers) !== this.refusedHeaders) this.endPause();
    if (!headers) {
      this.requestsOfFlight = 0;
      this.newest = undefined;
    }
    return headers;
  }

  private giveAccessToken(): string {
    const claims = { iss: 'app', sub: `user ${this.epoch}`, jti: this.access };
    return `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
  }

  private wake(action: () => void, endsPause: boolean): void {
    this.readClocks();
    if (endsPause) this.endPause();
    action();
  }

  private endPause(): void {
    if (this.knownMs >= this.pausedUntilMs || this.knownMs < this.earliestEndAtMs) return;
    this.pausedUntilMs = 0;
    this.earliestEndAtMs = this.knownMs + 30_000;
  }

  private onRequest(request: FakeRequest): void {
    this.readClocks();
    this.sent.set(request, { trueMs: this.trueMs, knownMs: this.knownMs, epoch: this.toldEpoch });
    assert.ok(!this.isStopped, 'a request after stop()');
    const claims = JSON.parse(
      Buffer.from(request.init.headers['Authorization']?.split('.')[1] ?? '', 'base64url').toString(),
    ) as { sub: string };
    assert.equal(claims.sub, `user ${this.toldEpoch}`, 'a request with the headers of another user');
    assert.equal(this.openRequests, 1, 'two requests at the same time');
    this.requestsOfFlight += 1;
    assert.ok(this.requestsOfFlight <= MOST_REQUESTS_OF_A_FLIGHT, 'too many requests of one fetch');
    if (this.requestsOfFlight > 1) return;

    assert.ok(this.knownMs >= this.pausedUntilMs, 'a request within a pause');
    const isCalled = this.calls.some(({ isSettled, epoch }) => !isSettled && epoch === this.epoch);
    assert.ok(isCalled || (this.isVisible && this.isTaken), 'a request that no call needs');
    if (this.newest && this.knownMs < Math.min(this.newest.refreshAtMs, this.newest.expiresAtMs)) {
      assert.ok(this.knownMs - this.lastForcedMs >= 60_000, 'two refused tokens replaced within a minute');
      this.lastForcedMs = this.knownMs;
    }
  }

  private onEvent({ type, pauseMs }: RefreshTokenEvent): void {
    this.readClocks();
    if (type === 'headers' && this.openRequests > 0) {
      assert.equal(pauseMs, 0, 'the fetch under way makes its own pause');
      return;
    }
    this.requestsOfFlight = 0;
    if (type === 'unauthorized') {
      // The endpoint does not accept the user of the held token any more.
      this.newest = undefined;
      this.tokens.clear();
    }
    if (type === 'token') {
      this.isTaken = false;
      this.streak = 0;
      this.lastKind = undefined;
      return;
    }
    if (type === 'headers' && this.knownMs < this.pausedUntilMs) {
      assert.equal(pauseMs, 0, 'a running pause goes on as it is');
      return;
    }
    const kind = type === 'unauthorized' ? 'unauthorized' : 'failure';
    this.streak = kind === this.lastKind ? this.streak + 1 : 0;
    this.lastKind = kind;
    this.pausedUntilMs = this.knownMs + pauseMs;
    this.refusedHeaders =
      kind === 'unauthorized' ? JSON.stringify(this.endpoint.last.init.headers) : undefined;
    const retryAfterMs = this.lastRetryAfterMs;
    this.lastRetryAfterMs = 0;
    if (retryAfterMs > 0) {
      assert.equal(pauseMs, retryAfterMs, 'a pause that is not the one of Retry-After');
      this.earliestEndAtMs = Math.max(this.earliestEndAtMs, this.pausedUntilMs);
    } else {
      const leastMs = (kind === 'failure' ? 5_000 : 30_000) * 2 ** Math.min(this.streak, 3);
      assert.ok(pauseMs >= leastMs && pauseMs <= leastMs * 1.25, `a pause of ${pauseMs} ms, not ${leastMs}`);
    }
  }

  private answer(answer: FakeAnswer | 'network error'): void {
    const request = this.endpoint.requests.at(-1);
    if (!request?.isOpen) return;
    if (answer === 'network error') return request.fail();
    if (!request.isAborted) this.lastRetryAfterMs = Number(answer.headers?.['retry-after'] ?? 0) * 1_000;
    request.answer(answer);
  }

  private answerWithToken(expiresIn: number, share: number): void {
    const request = this.endpoint.requests.at(-1);
    if (!request?.isOpen) return;
    const held = this.giveToken(request, expiresIn, share);
    if (!request.isAborted) this.newest = held;
  }

  private answerTooLate(): void {
    const request = this.endpoint.requests.find(({ isOpen, isAborted }) => isOpen && isAborted);
    if (request) this.giveToken(request, 3_600, 0.5);
  }

  private giveToken(request: FakeRequest, expiresIn: number, share: number): Held | undefined {
    const sent = this.sent.get(request);
    if (!sent) return undefined;
    this.tokenCount += 1;
    const token = `token ${this.tokenCount}`;
    const held = {
      epoch: sent.epoch,
      expiresAtTrueMs: sent.trueMs + expiresIn * 1_000,
      refreshAtMs: sent.knownMs + expiresIn * share * 1_000,
      expiresAtMs: sent.knownMs + expiresIn * 1_000,
    };
    this.tokens.set(token, held);
    request.answer(tokenAnswer(token, expiresIn, expiresIn * share));
    return held;
  }

  private async pass(ms: number): Promise<void> {
    // One turn per timer, so that the watch knows the time at which each timer fires.
    for (let leftMs = ms; leftMs > 0;) {
      const dueMs = [...this.device.timers.values()].map(
        (timer) => timer.dueMs - this.device.performance.now(),
      );
      const turnMs = Math.max(0, Math.min(leftMs, ...dueMs));
      this.trueMs += turnMs;
      this.awakeMs += turnMs;
      await this.device.pass(turnMs);
      this.checkCalls();
      leftMs -= turnMs;
    }
  }

  private readClocks(): void {
    const wallMs = this.device.Date.now();
    const monotonicMs = this.device.performance.now();
    this.knownMs += Math.max(wallMs - this.lastWallMs, monotonicMs - this.lastMonotonicMs);
    this.lastWallMs = wallMs;
    this.lastMonotonicMs = monotonicMs;
  }

  private checkCalls(): void {
    if (this.faults.length > 0) throw this.faults[0];
    for (const call of this.calls.filter(({ isSettled }) => !isSettled)) {
      assert.ok(!call.mustBeSettled, 'reset() or stop() left a call without an answer');
      assert.ok(this.awakeMs - call.startedAtAwakeMs < 9_000, 'a call took more than nine seconds');
    }
  }

  /**
   * Checks that no call hangs after a history, and that a call gets a token when the app and the endpoint work again.
   */
  private async checkEnd(): Promise<void> {
    await this.pass(9_000);
    if (this.isStopped) {
      assert.equal(await this.refreshToken(), null, 'a call got a token after stop()');
      return;
    }
    this.isSignedIn = true;
    this.isBroken = false;
    // Longer than the life of any token of this history and than any pause.
    await this.pass(3_700_000);
    const last = this.call();
    await settle();
    this.answerWithToken(3_600, 0.8);
    assert.match((await last) ?? 'null', /^token/);
    this.checkCalls();
    this.refreshToken.stop();
    assert.equal(this.device.timers.size, 0, 'stop() left a timer');
  }
}
