import { describe, expect, it } from '@jest/globals';
import { lookup } from 'node:dns';
import { ManualClock } from '../testing/manual-clock.js';
import { pass, type Check } from './check.js';
import { CHECKS } from './check-list.js';
import type { DoctorContext } from './context.js';
import { Redaction } from './redaction.js';
import { runChecks } from './run-checks.js';
import { isInRange } from './version-range.js';

const SILENT = { begun: () => undefined, ended: () => undefined };
const NEVER_STOPPED = new AbortController().signal;

function contextOn(clock: ManualClock): DoctorContext {
  return {
    machine: {
      clock,
      nodeVersion: '20.20.0',
      workingDirectory: '/',
      lookup,
      loadRedisClient: () => import('../redis/own-client.js'),
    },
    request: {
      environment: {},
      isOffline: false,
      endpointUrl: undefined,
      pageOrigin: undefined,
      tenantsFile: undefined,
      userJwt: undefined,
    },
    redaction: new Redaction(),
    atEnd: [],
  };
}

function check(name: string, run: Check['run'], more: Partial<Check> = {}): Check {
  return { name, group: 'Nudge', asks: name, needs: [], run, ...more };
}

const hanging = (name: string): Check => check(name, () => new Promise(() => {}));

describe('runChecks', () => {
  it('gives each check 10 s, and all checks together 30 s', async () => {
    const clock = new ManualClock();
    const checks = ['a', 'b', 'c', 'd'].map(hanging);
    const running = runChecks(checks, contextOn(clock), SILENT, NEVER_STOPPED);
    for (let round = 0; round < 3; round += 1) {
      await clock.advanceAsync(10_000);
      await new Promise(setImmediate);
    }
    const findings = (await running).map(({ finding }) => `${finding.status} ${finding.detail}`);
    expect(findings).toEqual([
      ...Array<string>(3).fill('fail no result after 10 s'),
      'warn not checked: the 30 s for all checks were over',
    ]);
  });

  it('uses the result of a check that ends when its time is over', async () => {
    const clock = new ManualClock();
    const waiting = check(
      'a',
      (_context, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(pass('waited')))),
      { limitMs: 5_000 },
    );
    const running = runChecks([waiting], contextOn(clock), SILENT, NEVER_STOPPED);
    await clock.advanceAsync(5_000);
    expect((await running)[0]?.finding).toMatchObject(pass('waited'));
  });

  it('reports only the name of an error that a check throws', async () => {
    const failing = check('a', () => Promise.reject(new RangeError('canary')));
    const [report] = await runChecks([failing], contextOn(new ManualClock()), SILENT, NEVER_STOPPED);
    expect(report?.finding).toMatchObject({ status: 'fail', detail: 'the check itself failed (RangeError)' });
  });

  it('removes secrets and control characters from a result', async () => {
    const context = contextOn(new ManualClock());
    context.redaction.conceal('canary secret');
    const telling = check('a', () => pass('a canary secret, canary%20secret\u001B[2J'));
    const [report] = await runChecks([telling], context, SILENT, NEVER_STOPPED);
    expect(report?.finding.detail).toBe('a [redacted], [redacted] [2J');
  });

  it('starts no check after the user has stopped the command', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await runChecks([hanging('a')], contextOn(new ManualClock()), SILENT, stop.signal)).toEqual([]);
  });
});

describe('the list of checks', () => {
  it('has each check after those that it needs, and no name twice', () => {
    const names = CHECKS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const [index, { needs }] of CHECKS.entries()) {
      expect(needs.filter((need) => !names.slice(0, index).includes(need))).toEqual([]);
    }
  });
});

describe('isInRange', () => {
  it.each([
    ['20.19.0', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
    ['20.18.9', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
    ['21.7.0', '^20.19.0 || ^22.12.0 || >=24.0.0', false],
    ['25.1.0', '^20.19.0 || ^22.12.0 || >=24.0.0', true],
    ['0.2.2', '^0.1.13 || ^0.2.0', true],
    ['0.3.0', '^0.1.13 || ^0.2.0', false],
    ['12.0.0-rc.1', '^12.0.0', true],
  ])('for %s in %s is %s', (version, range, isIn) => {
    expect(isInRange(version, range)).toBe(isIn);
  });
});
