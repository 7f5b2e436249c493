import { load } from '../processes.js';
import type { ProfileShares } from '../servers/profiler.js';
import type { Settings } from '../settings.js';
import { signedInUser } from '../users.js';
import { ADAPTERS, startVendor, warmServer, type Adapter } from './endpoint.js';

const PROFILED_VARIANTS = ['unguarded', 'endpoint'] as const;

export interface ProfileResults {
  readonly algorithm: 'HS256';
  readonly profiles: readonly {
    readonly adapter: Adapter;
    readonly variant: (typeof PROFILED_VARIANTS)[number];
    readonly shares: ProfileShares;
  }[];
}

/** Measures which code keeps the core busy while the endpoint and the unguarded route are under load. */
export async function measureProfile(settings: Settings): Promise<ProfileResults> {
  await using nudge = await startVendor();
  const user = await signedInUser('HS256');
  const profiles: ProfileResults['profiles'][number][] = [];
  for (const adapter of ADAPTERS) {
    for (const variant of PROFILED_VARIANTS) {
      await using server = await warmServer(variant, { adapter, user, vendor: nudge.vendor, settings });
      await server.ask('profile');
      await load(server.url, user.jwt, 2 * settings.secondsPerRound);
      profiles.push({ adapter, variant, shares: await server.ask<ProfileShares>('profile-end') });
    }
  }
  return { algorithm: 'HS256', profiles };
}
