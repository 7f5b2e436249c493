import assert from 'node:assert/strict';
import { createRefreshToken, type RefreshToken, type RefreshTokenEvent } from '../../src/client/index.js';
import {
  FakeDevice,
  FakeEndpoint,
  settle,
  type FakeAnswer,
  type FakeBrowser,
  type FakeRequest,
} from './fake-world.js';
import { FakeSession, userIn } from './fake-session.js';
import { GivenTokens, type GivenToken } from './given-tokens.js';
import { PauseRules } from './pause-rules.js';
import type { Step } from './refresh-token.steps.js';
import { WatchedCalls } from './watched-calls.js';
import { WatchedTime } from './watched-time.js';

const MOST_REQUESTS_OF_A_FLIGHT = 3;

/**
 * Runs a client through a history, checks its behaviour from outside, and fails as soon as the client breaks a rule.
 */
export class Watch {
  private readonly device = new FakeDevice();
  private readonly time = new WatchedTime(this.device);
  private readonly pauses = new PauseRules(this.time);
  private readonly given = new GivenTokens(this.time);
  private readonly endpoint: FakeEndpoint;
  private readonly refreshToken: RefreshToken;
  private readonly calls = new WatchedCalls(this.time);
  private readonly session = new FakeSession();

  private epoch = 1;
  private isStopped = false;
  /** The user of the headers that the client got last. */
  private toldEpoch = 1;

  private requestsOfFlight = 0;
  private lastForcedMs = -Infinity;
  private newest: GivenToken | undefined;
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
      clock: this.time.clock,
      random,
      headers: async () => this.giveHeaders(),
      ...(hasIdentity ? { identity: () => `${this.epoch}` } : {}),
      fetch: (url, init) => {
        const answer = this.endpoint.fetch(url, init);
        // The client would catch an error from here, so `check` keeps it.
        this.calls.check(() => this.onRequest(this.endpoint.last));
        return answer;
      },
      onEvent: (event) => this.calls.check(() => this.onEvent(event)),
    });
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.take(step);
      await settle();
      this.calls.checkAll();
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
        return this.wake(() => this.browser.comeOnline(), this.browser.isVisible);
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
      case 'break headers':
      case 'mend headers':
      case 'renew access':
        return this.session.take(step.do);
      case 'answer':
        return this.answer(step.answer);
      case 'answer with a token':
        return this.answerWithToken(step.expiresIn, step.share);
      case 'answer too late':
        return this.given.answerAborted(this.endpoint.requests);
      case 'pass':
        return this.time.pass(step.ms, () => this.calls.checkAll());
      case 'sleep':
        return this.time.sleep(step.ms);
      case 'set clock':
        return this.device.setWallClock(step.ms);
    }
  }

  private beginEpoch(end: () => void, isStopped: boolean): void {
    // The next user is there at once: an answer under way belongs to the former user.
    this.epoch += 1;
    this.isStopped = isStopped;
    this.requestsOfFlight = 0;
    this.pauses.reset();
    this.newest = undefined;
    this.lastForcedMs = -Infinity;
    this.isTaken = false;
    this.calls.mustBeSettled();
    end();
    if (isStopped) assert.equal(this.device.timers.size, 0, 'stop() left a timer');
  }

  private call(): Promise<string | null> {
    const { epoch } = this;
    return this.calls.begin(this.refreshToken, epoch, (token) => this.onAnswer(epoch, token));
  }

  private onAnswer(epoch: number, token: string | null): void {
    if (token === null) return;
    this.isTaken = true;
    const held = this.given.get(token);
    assert.ok(held, 'a call got a token that is not held any more');
    assert.equal(held.epoch, epoch, 'a call got the token of another user');
    // Without the option `identity`, the client cannot know that the user left during the call.
    if (this.hasIdentity) assert.equal(epoch, this.epoch, 'a call of a user who has left got a token');
    assert.ok(held.expiresAtTrueMs > this.time.trueMs, 'a call got an expired token');
  }

  private giveHeaders(): Record<string, string> | null {
    this.time.read();
    const headers = this.session.headersOf(this.epoch);
    if (this.toldEpoch !== this.epoch) {
      this.toldEpoch = this.epoch;
      this.requestsOfFlight = 0;
      this.newest = undefined;
    }
    this.pauses.onHeaders(headers);
    if (!headers) {
      this.requestsOfFlight = 0;
      this.newest = undefined;
    }
    return headers;
  }

  private wake(action: () => void, endsPause: boolean): void {
    this.time.read();
    if (endsPause) this.pauses.end();
    action();
  }

  private onRequest(request: FakeRequest): void {
    this.time.read();
    this.given.onRequest(request, this.toldEpoch);
    assert.ok(!this.isStopped, 'a request after stop()');
    const user = userIn(request.init.headers);
    assert.equal(user, `user ${this.toldEpoch}`, 'a request with the headers of another user');
    assert.equal(this.endpoint.openRequests, 1, 'two requests at the same time');
    this.requestsOfFlight += 1;
    assert.ok(this.requestsOfFlight <= MOST_REQUESTS_OF_A_FLIGHT, 'too many requests of one fetch');
    if (this.requestsOfFlight > 1) return;

    this.pauses.checkRequest();
    const isCalled = this.calls.isWaiting(this.epoch);
    assert.ok(isCalled || (this.browser.isVisible && this.isTaken), 'a request that no call needs');
    if (this.newest && this.time.knownMs < Math.min(this.newest.refreshAtMs, this.newest.expiresAtMs)) {
      assert.ok(
        this.time.knownMs - this.lastForcedMs >= 60_000,
        'two refused tokens replaced within a minute',
      );
      this.lastForcedMs = this.time.knownMs;
    }
  }

  private onEvent({ type, pauseMs }: RefreshTokenEvent): void {
    this.time.read();
    if (type === 'headers' && this.endpoint.openRequests > 0) {
      assert.equal(pauseMs, 0, 'the fetch under way makes its own pause');
      return;
    }
    this.requestsOfFlight = 0;
    if (type === 'unauthorized') {
      // The endpoint does not accept the user of the held token any more.
      this.newest = undefined;
      this.given.clear();
    }
    if (type === 'token') {
      this.isTaken = false;
      this.pauses.onToken();
      return;
    }
    this.pauses.onFailure(type, pauseMs, () => this.endpoint.last.init.headers);
  }

  private answer(answer: FakeAnswer | 'network error'): void {
    const request = this.endpoint.requests.at(-1);
    if (!request?.isOpen) return;
    if (answer === 'network error') return request.fail();
    if (!request.isAborted) this.pauses.retryAfterMs = Number(answer.headers?.['retry-after'] ?? 0) * 1_000;
    request.answer(answer);
  }

  private answerWithToken(expiresIn: number, share: number): void {
    const request = this.endpoint.requests.at(-1);
    if (!request?.isOpen) return;
    const held = this.given.answer(request, expiresIn, share);
    if (!request.isAborted) this.newest = held;
  }

  /**
   * Checks that no call hangs after a history, and that a call gets a token when the app and the endpoint work again.
   */
  private async checkEnd(): Promise<void> {
    await this.time.pass(9_000, () => this.calls.checkAll());
    if (this.isStopped) {
      assert.equal(await this.refreshToken(), null, 'a call got a token after stop()');
      return;
    }
    this.session.take('sign in');
    this.session.take('mend headers');
    // Longer than the life of any token of this history and than any pause.
    await this.time.pass(3_700_000, () => this.calls.checkAll());
    const last = this.call();
    await settle();
    this.answerWithToken(3_600, 0.8);
    assert.match((await last) ?? 'null', /^token/);
    this.calls.checkAll();
    this.refreshToken.stop();
    assert.equal(this.device.timers.size, 0, 'stop() left a timer');
  }
}
