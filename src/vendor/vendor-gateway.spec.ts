import { beforeEach, describe, expect, it } from '@jest/globals';
import { Deadline } from '../common/deadline.js';
import { NudgeAuthError } from '../common/errors.js';
import { Secret } from '../common/secret.js';
import { NudgeAuthEvents } from '../telemetry/events.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ApiKeys, type ApiKeyProvider } from './api-keys.js';
import { CallQueue } from './call-queue.js';
import { RenewalPriority, isTurnEnded, type RenewalTurn, type VendorRequest } from './vendor-call.js';
import { TransientFailure, type FetchedToken, type TokenSource } from './token-source.js';
import { VendorGateway } from './vendor-gateway.js';

const PRIMARY = new Secret('obviously-fake-key');
const FALLBACK = new Secret('obviously-fake-other-key');
const GOOD = { token: 'obviously-fake-token' } as FetchedToken;

function down(retryAfterMs?: number): TransientFailure {
  return new TransientFailure('NUDGE_UNAVAILABLE', 'Nudge answered with status 503', {
    retryAfterMs,
    isAnswered: true,
  });
}

function unanswered(): TransientFailure {
  return new TransientFailure('NUDGE_UNAVAILABLE', 'Nudge cannot be reached', { isAnswered: false });
}

function refusedKey(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'Nudge refuses the API key');
}

interface GatewaySettings {
  readonly maxRetries?: number;
  readonly apiKey?: ApiKeyProvider;
  readonly fallbackApiKey?: ApiKeyProvider;
  readonly random?: () => number;
  readonly budgetWaitMs?: () => number;
}

describe('VendorGateway', () => {
  let clock: ManualClock;
  let answers: (FetchedToken | NudgeAuthError)[];
  let calls: { key: string; atMs: number; timeoutMs: number }[];
  let beganMs: number;

  const source: TokenSource = {
    async fetchToken(_request, apiKey, timeoutMs) {
      calls.push({ key: apiKey.fingerprint, atMs: clock.now().monotonicMs - beganMs, timeoutMs });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined || answer instanceof NudgeAuthError) throw answer ?? down();
      return answer;
    },
  };

  function gatewayWith({
    maxRetries = 2,
    apiKey = PRIMARY,
    fallbackApiKey,
    random = () => 0.5,
    budgetWaitMs = () => 0,
  }: GatewaySettings = {}): VendorGateway {
    const events = new NudgeAuthEvents();
    return new VendorGateway({
      source,
      apiKeys: new ApiKeys({ primary: apiKey, fallback: fallbackApiKey }, events, clock),
      queue: new CallQueue({ take: budgetWaitMs }, undefined, 1_000, events, clock),
      options: { timeoutMs: 3_000, maxRetries },
      events,
      clock,
      random,
    });
  }

  function requestWithin(deadlineMs: number): VendorRequest {
    return {
      request: { expiryMins: 60 },
      deadline: new Deadline(clock, deadlineMs),
      priority: new RenewalPriority('urgent'),
    };
  }

  /** The outcome of the call after that much time. */
  async function outcomeOf<T>(work: Promise<T>, withinMs: number): Promise<T | NudgeAuthError> {
    const settled = work.catch((error: NudgeAuthError) => error);
    await clock.advanceAsync(withinMs);
    return settled;
  }

  function callTimesMs(): number[] {
    return calls.map(({ atMs }) => Math.round(atMs));
  }

  beforeEach(() => {
    clock = new ManualClock();
    beganMs = clock.now().monotonicMs;
    calls = [];
    answers = [GOOD];
  });

  it.each([
    { chance: 0.75, timesMs: [0, 150, 450, 1050, 2250, 3750] },
    { chance: 0.5, timesMs: [0, 100, 300, 700, 1500, 2500] },
  ])(
    'repeats a failed call after a pause that doubles up to two seconds, times $chance',
    async ({ chance, timesMs }) => {
      answers = [down()];
      const gateway = gatewayWith({ maxRetries: 5, random: () => chance });
      const failure = await outcomeOf(gateway.renew(requestWithin(9_000)), 9_000);
      expect(failure).toMatchObject({ code: 'NUDGE_UNAVAILABLE' });
      expect(callTimesMs()).toEqual(timesMs);
    },
  );

  it('waits for the Retry-After if that is longer than the pause', async () => {
    answers = [down(3_000), GOOD];
    expect(await outcomeOf(gatewayWith().renew(requestWithin(7_000)), 3_000)).toEqual(GOOD);
    expect(callTimesMs()).toEqual([0, 3_000]);
  });

  it('fails at once if the Retry-After is longer than the deadline allows', async () => {
    answers = [down(6_600)];
    expect(await outcomeOf(gatewayWith().renew(requestWithin(7_000)), 0)).toMatchObject({
      message: 'Nudge answered with status 503',
    });
    expect(calls).toHaveLength(1);
  });

  it('shortens its pauses so that each attempt has half a second, and fails with the last failure', async () => {
    answers = [down()];
    const gateway = gatewayWith({ maxRetries: 5, random: () => 0.999 });
    expect(await outcomeOf(gateway.renew(requestWithin(1_000)), 1_000)).toMatchObject({
      message: 'Nudge answered with status 503',
    });
    expect(calls.length).toBeGreaterThanOrEqual(3);
    expect(calls.every(({ timeoutMs }) => timeoutMs >= 500)).toBe(true);
  });

  it('does not repeat a call when a late timer has used up the time', async () => {
    answers = [down()];
    const work = outcomeOf(gatewayWith().renew(requestWithin(7_000)), 0);
    await clock.advanceAsync(0);
    // The machine was suspended: the timer fires when little of the deadline is left.
    clock.advance(6_800);
    expect(await work).toMatchObject({ message: 'Nudge answered with status 503' });
    expect(calls).toHaveLength(1);
  });

  it('makes no call when less than half a second is left', async () => {
    expect(await outcomeOf(gatewayWith().renew(requestWithin(499)), 0)).toBeInstanceOf(NudgeAuthError);
    expect(calls).toEqual([]);
  });

  it('calls with the fallback key at once when Nudge refuses the first key', async () => {
    answers = [refusedKey(), GOOD];
    const gateway = gatewayWith({ fallbackApiKey: FALLBACK });
    expect(await outcomeOf(gateway.renew(requestWithin(7_000)), 0)).toEqual(GOOD);
    expect(calls.map(({ key }) => key)).toEqual([PRIMARY.fingerprint, FALLBACK.fingerprint]);
  });

  it('fails with the refusal if no time is left for the other key', async () => {
    answers = [refusedKey()];
    const slowly = async (): Promise<string> => {
      await new Promise<void>((resolve) => clock.schedule(400, resolve));
      return 'obviously-fake-key';
    };
    const gateway = gatewayWith({ apiKey: slowly, fallbackApiKey: FALLBACK });
    expect(await outcomeOf(gateway.renew(requestWithin(1_200)), 1_200)).toMatchObject({
      code: 'NUDGE_CREDENTIALS_REJECTED',
    });
    expect(calls).toHaveLength(1);
  });

  it('fails with the last failure if the budget has no call left', async () => {
    answers = [down()];
    const waitsMs = [0, 6_000];
    const gateway = gatewayWith({ budgetWaitMs: () => waitsMs.shift() ?? 6_000 });
    expect(await outcomeOf(gateway.renew(requestWithin(7_000)), 1_000)).toMatchObject({
      message: 'Nudge answered with status 503',
    });
    expect(calls).toHaveLength(1);
  });

  describe('with a renewal turn', () => {
    let hasTurn: boolean;
    const turn: RenewalTurn = { mayCall: () => hasTurn };

    beforeEach(() => {
      hasTurn = true;
    });

    it('ends the turn after an attempt without an answer, and goes on in the next turn', async () => {
      answers = [unanswered(), GOOD];
      const gateway = gatewayWith();
      const call = gateway.prepare(requestWithin(7_000));
      expect(await gateway.goOn(call, turn)).toEqual({ againInMs: 100 });
      expect(calls).toHaveLength(1);
      expect(await gateway.goOn(call, turn)).toEqual(GOOD);
      call.end();
    });

    it('keeps the turn after an answer that reports a transient failure', async () => {
      answers = [down(), GOOD];
      const gateway = gatewayWith();
      const call = gateway.prepare(requestWithin(7_000));
      expect(await outcomeOf(gateway.goOn(call, turn), 100)).toEqual(GOOD);
      call.end();
    });

    it('stops when the turn is lost during a pause or before the first attempt', async () => {
      answers = [down(), GOOD];
      const gateway = gatewayWith();
      const call = gateway.prepare(requestWithin(7_000));
      const work = gateway.goOn(call, turn);
      await clock.advanceAsync(0);
      hasTurn = false;
      expect(await outcomeOf(work, 100)).toEqual({ againInMs: 0 });
      const other = gateway.prepare(requestWithin(7_000));
      expect(isTurnEnded(await gateway.goOn(other, turn))).toBe(true);
      expect(calls).toHaveLength(1);
      call.end();
      other.end();
    });

    it('holds back the next calls after a call that was given up', async () => {
      answers = [unanswered()];
      const gateway = gatewayWith();
      const call = gateway.prepare(requestWithin(7_000));
      await gateway.goOn(call, turn);
      expect(gateway.refusal()).toBeUndefined();
      expect(await gateway.giveUp(call)).toMatchObject({ message: 'Nudge cannot be reached' });
      call.end();
      expect(gateway.refusal()).toMatchObject({ code: 'NUDGE_UNAVAILABLE', retryAfterMs: 500 });
    });
  });
});
