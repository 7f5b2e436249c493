import { measureEndpoint } from './measures/endpoint.js';
import { measureGetToken } from './measures/get-token.js';
import { measureInProcess } from './measures/in-process.js';
import { measureMemory } from './measures/memory.js';
import { measureNoisyTenant } from './measures/noisy-tenant.js';
import { measureOtel } from './measures/otel.js';
import { measureProfile } from './measures/profile.js';
import { measureRedisMemory } from './measures/redis-memory.js';
import { measureStampede } from './measures/stampede.js';
import { measureStartUp } from './measures/start-up.js';
import { measureTenants } from './measures/tenants.js';
import type { Settings } from './settings.js';
import type { Results } from './targets.js';

export const MEASURES: {
  readonly [Name in keyof Results]: (settings: Settings) => Promise<Results[Name]>;
} = {
  endpoint: measureEndpoint,
  'in-process': measureInProcess,
  otel: measureOtel,
  profile: measureProfile,
  'get-token': measureGetToken,
  stampede: measureStampede,
  'start-up': measureStartUp,
  memory: measureMemory,
  'redis-memory': measureRedisMemory,
  tenants: measureTenants,
  'noisy-tenant': measureNoisyTenant,
};

export const MEASURE_NAMES = Object.keys(MEASURES) as (keyof Results)[];

/** Runs the measures one after the other, so that they do not disturb each other. */
export async function measure(
  names: readonly (keyof Results)[],
  settings: Settings,
  done: (name: keyof Results, result: object, seconds: number) => void = () => undefined,
): Promise<Partial<Results>> {
  const results: Record<string, object | undefined> = {};
  for (const name of names) {
    const began = performance.now();
    const result = await MEASURES[name](settings);
    results[name] = result;
    if (result === undefined) continue;
    done(name, result, Math.round((performance.now() - began) / 1000));
  }
  return results;
}
