import { describe, expect, it } from '@jest/globals';
import { CHECKS } from '../../src/doctor/check-list.js';
import { describeRedis } from '../redis/support/describe-redis.js';
import { ENDPOINT_SETUPS } from './setups/endpoint.js';
import { NETWORK_SETUPS } from './setups/network.js';
import { NUDGE_SETUPS } from './setups/nudge.js';
import { REDIS_SETUPS } from './setups/redis.js';
import { ROUTE_SETUPS } from './setups/route.js';
import { RUNTIME_SETUPS } from './setups/runtime.js';
import { KEY_SETUPS, OPTION_SETUPS } from './setups/settings.js';
import { TENANT_SETUPS } from './setups/tenants.js';
import { Stage, type BrokenSetup } from './support/stage.js';

/** Tests that exactly the checks that a setup names report its problem. */
function diagnoses(setups: readonly BrokenSetup[]): void {
  it.each(setups.map((setup) => [setup.title, setup] as const))('reports %s', async (_title, setup) => {
    await using stage = await Stage.start();
    const meanwhile = await setup.breakIt(stage);
    const { checks, exitCode, isOk } = await stage.diagnose(meanwhile ?? undefined);
    const shown = checks.filter(({ status }) => status === 'fail' || status === 'warn');
    expect(Object.fromEntries(shown.map(({ name, status }) => [name, status]))).toEqual(setup.shows);
    for (const { detail, hint } of shown) expect(`${detail} ${hint}`).toMatch(setup.says);
    const isFailure = Object.values(setup.shows).includes('fail');
    expect([isOk, exitCode]).toEqual([!isFailure, isFailure ? 1 : 0]);
    // A check that a failure hides is skipped, and names the failed check.
    for (const { name, status, detail } of checks) {
      const hiding = CHECKS.find((check) => check.name === name)?.needs.find(
        (need) => setup.shows[need] === 'fail',
      );
      if (hiding !== undefined)
        expect([name, status, detail]).toEqual([name, 'skip', `not checked: ${hiding} failed`]);
    }
  });
}

const SETUPS = {
  'the runtime': RUNTIME_SETUPS,
  'the API key': KEY_SETUPS,
  'the other options': OPTION_SETUPS,
  tenants: TENANT_SETUPS,
  'the way to Nudge': NETWORK_SETUPS,
  Nudge: NUDGE_SETUPS,
  'the route': ROUTE_SETUPS,
  'the endpoint': ENDPOINT_SETUPS,
};

for (const [part, setups] of Object.entries(SETUPS)) {
  describe(`the doctor, about ${part},`, () => diagnoses(setups));
}
describeRedis('the doctor, about Redis,', () => diagnoses(REDIS_SETUPS));

it('every check has a broken setup that it reports', () => {
  const setups = [...Object.values(SETUPS), REDIS_SETUPS].flat();
  const reporting = new Set(setups.flatMap(({ shows }) => Object.keys(shows)));
  expect(CHECKS.map(({ name }) => name).filter((name) => !reporting.has(name))).toEqual([]);
});
