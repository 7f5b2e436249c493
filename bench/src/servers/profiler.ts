import { Session } from 'node:inspector/promises';
import type { Profiler } from 'node:inspector';

/** The shares of a server's busy time by owner of the code. They add up to 1. */
export type ProfileShares = Readonly<Record<string, number>>;

const SAMPLE_EVERY_US = 200;

/** The owner of a function's code. */
function ownerOf({ functionName, url }: Profiler.ProfileNode['callFrame']): string {
  if (url.includes('/dist/package/')) return 'this module';
  if (functionName === 'hash' && url.startsWith('node:')) return "this module's digest of the JWT";
  if (url.includes('/node_modules/@nestjs/')) return 'Nest';
  if (url.includes('/node_modules/')) return 'the adapter';
  if (functionName === '(garbage collector)') return 'garbage collection';
  return url === '' || url.startsWith('node:') ? 'Node' : 'the application';
}

export class ServerProfiler {
  readonly #session = new Session();

  async begin(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
    await this.#session.post('Profiler.start');
  }

  async end(): Promise<ProfileShares> {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
    const spent = new Map<string, number>();
    for (const [index, id] of (profile.samples ?? []).entries()) {
      const frame = frames.get(id);
      if (frame === undefined || frame.functionName === '(idle)') continue;
      const owner = ownerOf(frame);
      spent.set(owner, (spent.get(owner) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
    }
    const busy = [...spent.values()].reduce((sum, microseconds) => sum + microseconds, 0);
    return Object.fromEntries([...spent].map(([owner, microseconds]) => [owner, microseconds / busy]));
  }
}
