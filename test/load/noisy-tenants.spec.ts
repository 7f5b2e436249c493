import { describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NudgeAuthError } from '../../src/common/errors.js';
import {
  OTHER_BASE_URL,
  tenantsBeforeVendor,
  type TenantsBeforeVendor,
} from '../support/tenants-before-vendor.js';

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const AT_ONCE = 200;
/** Tens of thousands of callers take a busy machine a while. */
jest.setTimeout(600_000);
/** Longer than any caller waits. */
const ALL_ANSWERED_MS = 10_000;

/** Bytes in use once nothing that could be thrown away is left. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function usersOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

function refused(): NudgeAuthError {
  return new NudgeAuthError('NUDGE_CREDENTIALS_REJECTED', 'no');
}

/** The calls that were made with the key of one tenant. */
function callsOf(calls: readonly string[], tenant: string): string[] {
  return calls.filter((call) => call.startsWith(`fake-key-of-${tenant}`));
}

describe('a hundred thousand invented tenants', () => {
  it('cost no call, leave a tenant its token, and fill no more memory than ten thousand', async () => {
    const { calls, world, tenants, begin, ask, answersNow } = tenantsBeforeVendor();
    const known = world.config;
    world.config = (tenant) => (tenant === 'acme' ? known(tenant) : undefined);
    expect(await ask('acme')).toBe('token');
    const askForInvented = async (count: number): Promise<void> => {
      for (let asked = 0; asked < count; asked += AT_ONCE) {
        const answers = await answersNow(usersOf(randomUUID(), AT_ONCE).map((id) => begin(id)));
        expect(new Set(answers)).toEqual(new Set(['NUDGE_UNKNOWN_TENANT']));
      }
    };
    await askForInvented(20_000);
    const filledBytes = heapBytes();
    await askForInvented(80_000);
    expect(heapBytes() - filledBytes).toBeLessThan(3 * MIB);
    expect(world.asked).toBe(100_001);
    expect(await ask('acme')).toBe('token');
    expect(calls).toEqual(['fake-key-of-acme']);
    expect(tenants.activeStatuses()).toHaveLength(1);
  });
});

/** What a noisy tenant does to the others, begun anew before each of their questions. */
const NOISE: Record<string, (life: TenantsBeforeVendor) => void> = {
  'a refused key': ({ world, begin }) => {
    world.failure = (key) => (key.endsWith('noisy') ? refused() : undefined);
    for (const user of usersOf('user', 100)) void begin('noisy', user);
  },
  'a config that hangs': ({ world, begin }) => {
    const others = world.config;
    world.config = (tenant) => (tenant === 'noisy' ? new Promise(() => undefined) : others(tenant));
    for (const user of usersOf('user', 100)) void begin('noisy', user);
  },
  'ten thousand cold users': ({ clock, begin }) => {
    for (const user of usersOf(`user-at-${clock.now().monotonicMs}`, 2_500)) void begin('noisy', user);
  },
  'calls that hang': ({ world, begin }) => {
    world.isHanging = (key) => key.endsWith('noisy');
    for (const user of usersOf('user', 1_000)) void begin('noisy', user);
  },
  'a base URL where nothing answers': ({ world, begin }) => {
    const others = world.config;
    world.config = (tenant) =>
      tenant === 'noisy' ? { apiKey: 'fake-key-of-noisy', baseUrl: OTHER_BASE_URL } : others(tenant);
    world.isHanging = (_key, baseUrl) => baseUrl === OTHER_BASE_URL;
    for (const user of usersOf('user', 1_000)) void begin('noisy', user);
  },
};

/** Plays eight hours in which users of a quiet tenant come every two hours: their answers, and the calls for them. */
async function quietDay(
  makeNoise: (life: TenantsBeforeVendor) => void,
): Promise<{ answers: string[]; calls: string[] }> {
  const life = tenantsBeforeVendor({ scope: 'user', maxEntries: 10_000 });
  const answers: string[] = [];
  for (let hour = 0; hour < 8; hour += 2) {
    makeNoise(life);
    await life.clock.advanceAsync(0);
    for (const user of ['ada', 'grace', 'linus']) {
      void life.begin('quiet', user).then((answer) => answers.push(`${hour} h: ${user} gets ${answer}`));
    }
    await life.clock.advanceAsync(ALL_ANSWERED_MS);
    await life.clock.advanceAsync(2 * 60 * MINUTE_MS);
  }
  return { answers, calls: callsOf(life.calls, 'quiet') };
}

describe('a quiet tenant beside a noisy one', () => {
  it.each(Object.entries(NOISE))(
    'gets the answers, and makes the calls, that it would without %s',
    async (_what, noise) => {
      const undisturbed = await quietDay(() => undefined);
      expect(undisturbed.answers).toHaveLength(12);
      expect(undisturbed.calls).toHaveLength(12);
      expect(await quietDay(noise)).toEqual(undisturbed);
    },
  );

  it('is served all the time while cold users of another one press, although its rotations have to wait', async () => {
    const life = tenantsBeforeVendor({ scope: 'user', maxEntries: 10_000 });
    const answers = new Map<string, number>();
    for (let minute = 0; minute < 180; minute += 6) {
      for (const user of usersOf(`at-${minute}`, 150)) void life.begin('noisy', user);
      void life.begin('quiet', 'ada').then((answer) => answers.set(answer, (answers.get(answer) ?? 0) + 1));
      await life.clock.advanceAsync(6 * MINUTE_MS);
    }
    expect(Object.fromEntries(answers)).toEqual({ token: 30 });
    expect(callsOf(life.calls, 'quiet').length).toBeLessThanOrEqual(8);
  });

  it('keeps its tokens when another one has ten thousand users', async () => {
    const { calls, tenants, begin, answersNow } = tenantsBeforeVendor({
      scope: 'user',
      maxEntries: 10_000,
      callsPerMinute: 1_000_000,
    });
    const quiet = usersOf('quiet-user', 50);
    const askForAll = async (tenant: string, users: readonly string[]): Promise<void> => {
      for (let asked = 0; asked < users.length; asked += AT_ONCE) {
        const begun = users.slice(asked, asked + AT_ONCE).map((user) => begin(tenant, user));
        expect(new Set(await answersNow(begun))).toEqual(new Set(['token']));
      }
    };
    await askForAll('quiet', quiet);
    await askForAll('noisy', usersOf('noisy-user', 10_000));
    expect(tenants.size).toBe(10_000);
    await askForAll('quiet', quiet);
    expect(callsOf(calls, 'quiet')).toHaveLength(50);
    expect(callsOf(calls, 'noisy')).toHaveLength(10_000);
  });
});

describe('a caller who cycles through the ids of tenants', () => {
  it('does not make them forget a refused key', async () => {
    const { calls, world, ask } = tenantsBeforeVendor({ maxTenants: 10, callsPerMinute: 100_000 });
    world.failure = (key) => (key.endsWith('acme') ? refused() : undefined);
    expect(await ask('acme')).toBe('NUDGE_CREDENTIALS_REJECTED');
    for (const other of usersOf('tenant', 500)) expect(await ask(other)).toBe('token');
    expect(await ask('acme')).toBe('NUDGE_CREDENTIALS_REJECTED');
    expect(callsOf(calls, 'acme')).toHaveLength(1);
  });

  it('spends no budget on users that were asked for a moment ago', async () => {
    const { calls, ask } = tenantsBeforeVendor({ scope: 'user', maxTenants: 10, callsPerMinute: 100_000 });
    const ids = usersOf('tenant', 500);
    for (const id of ids) expect(await ask(id, 'ada')).toBe('token');
    for (const id of ids.slice(0, 490)) expect(await ask(id, 'ada')).toBe('NUDGE_RATE_LIMITED');
    expect(calls).toHaveLength(500);
  });
});
