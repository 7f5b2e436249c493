import { load, ServerProcess } from '../processes.js';
import type { ProfileShares } from '../servers/profiler.js';
import type { Settings } from '../settings.js';
import { signedInUser } from '../users.js';
import { ADAPTERS, API_KEY, startVendor, type Adapter } from './endpoint.js';

const PROFILED_VARIANTS = ['unguarded', 'endpoint'] as const;

export interface ProfileResults {
  readonly algorithm: 'HS256';
  readonly profiles: readonly {
    readonly adapter: Adapter;
    readonly variant: (typeof PROFILED_VARIANTS)[number];
    readonly shares: ProfileShares;
  }[];
}

/** Whose code keeps the core busy while the endpoint, and the route it is compared with, are under load. */
export async function measureProfile(settings: Settings): Promise<ProfileResults> {
  await using vendorProcess = await startVendor();
  const vendor = vendorProcess.vendor;
  const { jwt, algorithm, verification } = await signedInUser('HS256');
  const { token } = JSON.parse(vendor.answer) as { token: string };
  const profiles: ProfileResults['profiles'][number][] = [];
  for (const adapter of ADAPTERS) {
    for (const variant of PROFILED_VARIANTS) {
      const route = { ...vendor, adapter, variant, algorithm, verification, apiKey: API_KEY, token };
      await using server = await ServerProcess.start('app', route, 'measured');
      await load(server.url, jwt, settings.warmUpSeconds);
      await server.ask('profile');
      await load(server.url, jwt, 2 * settings.secondsPerRound);
      profiles.push({ adapter, variant, shares: await server.ask<ProfileShares>('profile-end') });
    }
  }
  return { algorithm: 'HS256', profiles };
}
