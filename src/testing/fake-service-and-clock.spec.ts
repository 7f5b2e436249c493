import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { isNudgeAuthError, NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { FakeNudgeTokenService, ManualClock } from './index.js';

const START_MS = Date.UTC(2031, 4, 6, 7, 8, 9);

describe('FakeNudgeTokenService', () => {
  it('issues well-formed tokens with the requested lifetime', async () => {
    const clock = new ManualClock(START_MS + 400);
    const fake = new FakeNudgeTokenService({ clock });
    for (const expiryMins of [undefined, 30, 1440]) {
      const { token, issuedAt, expiresAt } = await fake.getToken(
        expiryMins === undefined ? {} : { expiryMins },
      );
      expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', kid: 'fake' });
      expect(decodeJwt(token)).toEqual({ iat: issuedAt / 1000, exp: expiresAt / 1000 });
      expect([issuedAt, expiresAt - issuedAt]).toEqual([START_MS, (expiryMins ?? 60) * 60_000]);
    }
    expect(fake.requests).toEqual([{}, { expiryMins: 30 }, { expiryMins: 1440 }]);
  });

  it('uses the given default lifetime, and the machine’s clock by default', async () => {
    const { issuedAt, expiresAt } = await new FakeNudgeTokenService({ defaultExpiryMins: 45 }).getToken();
    expect(expiresAt - issuedAt).toBe(45 * 60_000);
    expect(Math.abs(issuedAt - Date.now())).toBeLessThan(60_000);
  });

  it('fails with the given code until it is told to succeed', async () => {
    const fake = new FakeNudgeTokenService();
    fake.failWith('NUDGE_RATE_LIMITED', { retryAfterMs: 7_000 });
    const error: unknown = await fake.getToken().catch((failure: unknown) => failure);
    expect(isNudgeAuthError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'NUDGE_RATE_LIMITED', retryable: true, retryAfterMs: 7_000 });
    expect(fake.status().nextAttemptInMs).toBe(7_000);
    fake.succeed();
    expect((await fake.getToken()).token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(fake.status()).toMatchObject({ enabled: true, nextAttemptInMs: 0 });
  });

  it('obeys an aborted signal and records invalidations', async () => {
    const fake = new FakeNudgeTokenService();
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(fake.getToken({ signal })).rejects.toThrow('gone');
    await fake.invalidate();
    await fake.invalidate({ extId: 'ada' });
    expect(fake.invalidations).toEqual([{}, { extId: 'ada' }]);
  });

  it('replaces the service in the tests of a host application', async () => {
    @Controller()
    class CampaignsController {
      constructor(private readonly tokens: NudgeTokenService) {}

      @Get()
      async token(): Promise<string> {
        return (await this.tokens.getToken()).token;
      }
    }
    @Module({
      imports: [NudgeAuthModule.forRoot({ apiKey: 'obviously-fake-key-of-a-host', endpoint: false })],
      controllers: [CampaignsController],
    })
    class HostModule {}
    const fake = new FakeNudgeTokenService();
    const module = await Test.createTestingModule({ imports: [HostModule] })
      .overrideProvider(NudgeTokenService)
      .useValue(fake)
      .compile();
    expect(decodeProtectedHeader(await module.get(CampaignsController).token())).toMatchObject({
      kid: 'fake',
    });
    expect(fake.requests).toHaveLength(1);
    await module.close();
  });
});

describe('ManualClock', () => {
  it('stands still until the test moves it', () => {
    const clock = new ManualClock(START_MS);
    expect([clock.now(), clock.now()]).toEqual([
      { wallMs: START_MS, monotonicMs: 0 },
      { wallMs: START_MS, monotonicMs: 0 },
    ]);
    clock.advance(5);
    expect(clock.now()).toEqual({ wallMs: START_MS + 5, monotonicMs: 5 });
    clock.stepWall(-60_000);
    clock.suspend(1_000);
    expect(clock.now()).toEqual({ wallMs: START_MS + 5 - 59_000, monotonicMs: 5 });
  });

  it('runs each timer when it is due, in order, and also a timer that another one schedules', () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    const note = (name: string) => (): void => void ran.push(`${name} at ${clock.now().monotonicMs}`);
    clock.schedule(20, note('second'));
    clock.schedule(10, () => {
      note('first')();
      clock.schedule(5, note('nested'));
    });
    clock.schedule(20, note('third'));
    const cancel = clock.schedule(15, note('never'));
    clock.schedule(100, note('later'));
    cancel();
    cancel();
    expect(clock.pendingMs).toEqual([10, 20, 20, 100]);
    clock.advance(50);
    expect(ran).toEqual(['first at 10', 'nested at 15', 'second at 20', 'third at 20']);
    expect(clock.pendingMs).toEqual([50]);
  });

  it('fires a timer late if the machine was suspended', () => {
    const clock = new ManualClock(START_MS);
    let firedAtMs = 0;
    clock.schedule(1_000, () => (firedAtMs = clock.now().wallMs));
    clock.suspend(3_600_000);
    expect(firedAtMs).toBe(0);
    clock.advance(1_000);
    expect(firedAtMs).toBe(START_MS + 3_601_000);
  });

  it('lets code that awaits a timer go on when the timer is due', async () => {
    const clock = new ManualClock();
    const pass = (ms: number): Promise<void> => new Promise((resolve) => clock.schedule(ms, resolve));
    const seenMs: number[] = [];
    const work = (async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn += 1) {
        await pass(10);
        seenMs.push(clock.now().monotonicMs);
      }
    })();
    await clock.advanceAsync(100);
    await work;
    expect(seenMs).toEqual([10, 20, 30]);
  });
});
