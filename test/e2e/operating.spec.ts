import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  NudgeTokenService,
  recordIssued,
  type AuditRecord,
  type NudgeAuditOptions,
  type NudgeAuthEvent,
} from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { SECOND_MS } from '../../src/common/durations.js';
import { Canaries, everythingSaidBy } from '../support/canaries.js';
import { USER_SECRET, userJwt } from '../support/users.js';
import { Host } from '../support/host.js';
import { KEY, operatedHosts } from './support/operated-hosts.js';

let nudge: NudgeEmulator;
const start = operatedHosts(() => nudge);

beforeAll(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
});

beforeEach(() => nudge.reset());

afterAll(() => nudge.stop());

describe('the events of an application', () => {
  it('reach a subscriber from the first renewal to the close', async () => {
    const host = await start();
    const received: NudgeAuthEvent[] = [];
    host.app.get(NudgeTokenService).subscribe((event) => received.push(event));
    await host.getAsUser();
    nudge.setFault({ kind: 'status', status: 502 });
    await host.app
      .get(NudgeTokenService)
      .getToken({ forceRefresh: true })
      .catch(() => undefined);
    await host.close();
    expect(received.map(({ type }) => type)).toEqual([
      'renewal-started',
      'renewed',
      'renewal-started',
      'failed',
      'closed',
    ]);
  });

  it('cost no answer where a listener never ends, or rejects late', async () => {
    await using host = await start();
    const tokens = host.app.get(NudgeTokenService);
    const hanging = (): unknown => new Promise(() => undefined);
    const failingLate = async (): Promise<unknown> => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('a listener with a late fault');
    };
    for (const listener of [hanging, failingLate as () => unknown]) tokens.subscribe(listener);
    for (let times = 0; times < 2; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await tokens.invalidate();
    }
  });

  it('cost no answer where a listener throws, and the log names its first error by its kind alone', async () => {
    await using host = await start();
    host.app.get(NudgeTokenService).subscribe(() => {
      throw new RangeError('what a host may write into its errors');
    });
    for (let times = 0; times < 2; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await host.app.get(NudgeTokenService).invalidate();
    }
    const lines = host.logger.lines.filter((line) => JSON.stringify(line).includes('listener'));
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).toMatch(/subscribe\(\) failed \(RangeError\)/);
    expect(JSON.stringify(host.logger.lines)).not.toContain('what a host may write');
  });
});

describe('a logger of the host that throws', () => {
  const broken = (): never => {
    throw new Error('a function with a fault');
  };

  function breakTheLogger({ logger }: Host): void {
    Object.assign(logger, { log: broken, warn: broken, error: broken, debug: broken });
  }

  it('leaves the 401 of a bad JWT a 401', async () => {
    await using host = await start(
      { userJwt: { secret: USER_SECRET, algorithms: ['HS256'] } },
      { modules: [] },
    );
    breakTheLogger(host);
    const answer = await host.get('/nudge/token', { authorization: 'Bearer no.real.jwt' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it('leaves the 503 of a function that fails a 503', async () => {
    await using host = await start(
      { userJwt: { secret: USER_SECRET, algorithms: ['HS256'], isRevoked: broken } },
      { modules: [] },
    );
    breakTheLogger(host);
    const answer = await host.getAsUser();
    expect([answer.status, answer.json()['code']]).toEqual([503, 'USER_CHECK_FAILED']);
  });

  it('costs no token while Nudge fails, a listener throws and the audit fails', async () => {
    await using host = await start({ audit: { user: broken, onIssued: broken } });
    breakTheLogger(host);
    const tokens = host.app.get(NudgeTokenService);
    tokens.subscribe(broken);
    expect((await host.getAsUser()).status).toBe(200);
    nudge.setFault({ kind: 'status', status: 502 });
    await expect(tokens.getToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'NUDGE_UNAVAILABLE',
    });
    expect((await host.getAsUser()).status).toBe(200);
  });

  it('does not stop a boot that warns', async () => {
    const warn = jest.fn(broken);
    const silent = (): void => undefined;
    await using host = await start(
      { fallbackApiKey: KEY },
      { override: (builder) => builder.setLogger({ log: silent, error: silent, warn }) },
    );
    expect(warn).toHaveBeenCalledTimes(1);
    expect((await host.getAsUser()).status).toBe(200);
  });
});

describe('the audit of an application', () => {
  it('has a record of every token that the endpoint hands out, and none for a HEAD or a refusal', async () => {
    const records: AuditRecord[] = [];
    const audit: NudgeAuditOptions = {
      user: (user) => String((user as { sub: unknown }).sub),
      onIssued: (issued) => void records.push(...issued),
    };
    const host = await start({ audit });
    const headers = { 'x-request-id': 'r-7' };
    const { token } = (await host.getAsUser('/nudge/token', headers)).json();
    await host.getAsUser('/nudge/token?format=text', headers);
    await host.head('/nudge/token', { authorization: `Bearer ${await userJwt()}` });
    expect((await host.get('/nudge/token')).status).toBe(401);
    const tokens = host.app.get(NudgeTokenService);
    recordIssued(tokens, { token: await tokens.getToken(), user: { sub: 'by hand' }, request: {} });
    // Closing the application delivers the records that wait.
    await host.close();
    expect(records.map(({ format }) => format)).toEqual(['json', 'text', 'json']);
    expect(records[0]).toMatchObject({ registration: 'default', scope: 'client', requestId: 'r-7' });
    expect(records[0]?.user).toBe(records[1]?.user);
    expect(records[2]?.user).toBe('by hand');
    expect(new Set(records.map(({ tokenFingerprint }) => tokenFingerprint)).size).toBe(1);
    const canaries = new Canaries().plant('a token', String(token)).plant('the API key', KEY);
    expect(canaries.foundIn(everythingSaidBy(records))).toEqual([]);
  });

  it('changes no answer where it hangs, and holds up the end of the application by two seconds at the most', async () => {
    const clock = new ManualClock();
    await using vendor = await NudgeEmulator.start({ apiKeys: [KEY], clock });
    const onIssued = () => new Promise<void>(() => undefined);
    const host = await start({ baseUrl: vendor.url, audit: { user: () => 'ada', onIssued } }, { clock });
    for (let times = 0; times < 3; times += 1) {
      expect((await host.getAsUser()).status).toBe(200);
      await clock.advanceAsync(SECOND_MS);
    }
    const closed = host.close();
    await clock.advanceAsync(2 * SECOND_MS);
    await closed;
    expect(host.logger.at('warn').join('\n')).toMatch(
      /3 records of the audit are lost: the application closed/,
    );
  });

  it('changes no answer where both of its functions throw', async () => {
    const broken = (): never => {
      throw new Error('an audit with a fault');
    };
    const host = await start({ audit: { user: broken, onIssued: broken } });
    expect((await host.getAsUser()).status).toBe(200);
    await host.close();
    expect(host.logger.at('warn').join('\n')).toMatch(
      /audit\.user failed \(Error\)[^]*1 records of the audit are lost: audit\.onIssued failed/,
    );
  });
});
