import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, Injectable, type CanActivate } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import type { NudgeUserScopeOptions, UserJwtOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Strategy } from 'passport-jwt';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Host, type HostSettings, type HttpResult } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { USER_SECRET, userJwt } from '../support/users.js';

const KEY = 'obviously-fake-private-key-before-a-deadline';
const DEADLINE_MS = 7_000;

type ExtId = NudgeUserScopeOptions['extId'];

/** Tells a test that a function waits, and lets the test end the wait. */
class Gate {
  readonly reached: Promise<void>;
  #reach = (): void => undefined;
  #open = (): void => undefined;
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  constructor() {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
  }

  pass(): Promise<void> {
    this.#reach();
    return this.#opened;
  }

  open(): void {
    this.#open();
  }
}

describe.each(PLATFORMS)('the deadline of a request on %s', (platform) => {
  let nudge: NudgeEmulator;
  let clock: ManualClock;
  const hosts: Host[] = [];

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
  });

  beforeEach(() => {
    nudge.reset();
    clock = new ManualClock(Date.now());
  });

  afterEach(async () => {
    nudge.clearFaults();
    await Promise.all(hosts.splice(0).map((host) => host.close()));
  });

  afterAll(() => nudge.stop());

  async function start(options: object, settings: HostSettings = {}): Promise<Host> {
    const host = await Host.start(platform, {
      nudge: {
        apiKey: KEY,
        baseUrl: nudge.url,
        http: { timeoutMs: 5_000, deadlineMs: DEADLINE_MS, maxRetries: 0 },
        ...options,
      },
      modules: [],
      clock,
      ...settings,
    });
    hosts.push(host);
    return host;
  }

  const jwtChecked = (isRevoked: () => boolean | Promise<boolean>): { userJwt: UserJwtOptions } => ({
    userJwt: { secret: USER_SECRET, algorithms: ['HS256'], isRevoked },
  });
  const inUserScope = (extId: ExtId): object => ({
    userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
    scope: 'user',
    extId,
  });

  async function get(host: Host): Promise<HttpResult> {
    return host.get('/nudge/token', { authorization: `Bearer ${await userJwt()}` });
  }

  function expectCheckFailed(answer: HttpResult): void {
    expect([answer.status, answer.json()]).toEqual([
      503,
      { statusCode: 503, code: 'USER_CHECK_FAILED', message: 'Users cannot be checked at the moment' },
    ]);
    expect(answer.headers).toMatchObject({
      'nudge-auth-error': 'USER_CHECK_FAILED',
      'retry-after': expect.stringMatching(/^\d+$/),
      'cache-control': 'private, no-store',
    });
    expect(nudge.counters.received).toBe(0);
  }

  it.each([
    { is: 'isRevoked', options: (gate: Gate) => jwtChecked(async () => gate.pass().then(() => false)) },
    { is: 'extId', options: (gate: Gate) => inUserScope(async () => gate.pass().then(() => 'ada')) },
  ])('ends the wait for an $is that never settles', async ({ is, options }) => {
    const gate = new Gate();
    const host = await start(options(gate));
    const answer = get(host);
    await gate.reached;
    clock.advance(DEADLINE_MS);
    expectCheckFailed(await answer);
    expect(host.logger.at('error').join('\n')).toContain(`${is} did not settle within http.deadlineMs`);
    expect(clock.pendingMs).not.toContain(DEADLINE_MS);
  });

  it('ends the wait for a strategy of the host that never settles', async () => {
    const gate = new Gate();
    @Injectable()
    class SlowStrategy extends PassportStrategy(Strategy, 'jwt') {
      constructor() {
        super({
          jwtFromRequest: ({ headers }: { headers: { authorization?: string } }) =>
            headers.authorization?.slice('Bearer '.length) ?? null,
          secretOrKey: USER_SECRET,
        });
      }

      async validate(): Promise<object> {
        await gate.pass();
        return {};
      }
    }
    const host = await start({}, { modules: [PassportModule], providers: [SlowStrategy] });
    const answer = get(host);
    await gate.reached;
    clock.advance(DEADLINE_MS);
    expectCheckFailed(await answer);
  });

  it.each([
    { is: 'isRevoked', throws: 'throws', options: (fail: () => never) => jwtChecked(fail) },
    { is: 'isRevoked', throws: 'rejects', options: (fail: () => never) => jwtChecked(async () => fail()) },
    { is: 'extId', throws: 'throws', options: (fail: () => never) => inUserScope(fail) },
    { is: 'extId', throws: 'rejects', options: (fail: () => never) => inUserScope(async () => fail()) },
  ])('refuses a user whose $is $throws, and logs it without the error message', async (given) => {
    const host = await start(
      given.options(() => {
        throw new TypeError('obviously-private words');
      }),
    );
    expectCheckFailed(await get(host));
    expectCheckFailed(await get(host));
    const lines = host.logger.at('error');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      `The option ${given.is === 'extId' ? '' : 'userJwt.'}${given.is} failed (TypeError)`,
    );
    expect(lines[0]).not.toContain('obviously-private');
  });

  it('passes on an HttpException that a function of the host throws', async () => {
    const host = await start(
      inUserScope(() => {
        throw new ForbiddenException('no campaigns for you');
      }),
    );
    const answer = await get(host);
    expect([answer.status, answer.json()['message']]).toEqual([403, 'no campaigns for you']);
    expect(host.logger.at('error')).toEqual([]);
  });

  it('includes the time that isRevoked, extId or a guard takes, so Nudge gets only the rest', async () => {
    const slow: { passes: (gate: Gate) => Promise<Host>; name: string }[] = [
      { name: 'isRevoked', passes: (gate) => start(jwtChecked(async () => gate.pass().then(() => false))) },
      { name: 'extId', passes: (gate) => start(inUserScope(async () => gate.pass().then(() => 'ada'))) },
      {
        name: 'a guard',
        passes: (gate) => {
          @Injectable()
          class SlowGuard implements CanActivate {
            async canActivate(): Promise<boolean> {
              await gate.pass();
              return true;
            }
          }
          return start({ endpoint: { guards: [SlowGuard] } });
        },
      },
    ];
    for (const { passes, name } of slow) {
      nudge.reset();
      nudge.setFault({ kind: 'hang' });
      const gate = new Gate();
      const host = await passes(gate);
      const answer = get(host);
      await gate.reached;
      clock.advance(DEADLINE_MS - 1_000);
      gate.open();
      await nudge.untilReceived(1);
      let isAnswered = false;
      void answer.then(() => (isAnswered = true));
      clock.advance(1_000);
      const { status, headers } = await answer;
      expect([name, isAnswered, status, headers['nudge-auth-error']]).toEqual([
        name,
        true,
        503,
        'NUDGE_TIMEOUT',
      ]);
      nudge.clearFaults();
      clock.advance(DEADLINE_MS);
      await hosts.pop()?.close();
    }
  });
});
