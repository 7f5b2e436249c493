import { NudgeEmulator } from '#nudge-auth/emulator/index';
import { ServerProcess } from '../processes.js';

const QUIET_KEY = 'obviously-fake-key-of-the-quiet-tenant';
const NOISY_KEY = 'obviously-fake-key-of-the-noisy-tenant';

/** What the other tenant of the process does. 200 callers ask for its tokens all the time; of new users 10,000 ask at once. */
export const NOISES = ['refused key', 'broken base URL', 'slow config', 'new users'] as const;
type Noise = (typeof NOISES)[number];

interface Waits {
  /** Until a new user has a token; the emulator answers at once. */
  readonly newUserMs: number;
  /** Until a user whose token is held has it. */
  readonly heldMs: number;
}

export interface NoisyTenantResults {
  readonly noises: Readonly<Record<Noise, { readonly alone: Waits; readonly beside: Waits }>>;
}

/** How long users of one tenant wait, alone and beside a tenant that fails or has very many users. */
export async function measureNoisyTenant(): Promise<NoisyTenantResults> {
  const measured: Partial<Record<Noise, { alone: Waits; beside: Waits }>> = {};
  for (const noise of NOISES) {
    const accounts = { quiet: { apiKeys: [QUIET_KEY] }, noisy: { apiKeys: [NOISY_KEY] } };
    await using nudge = await NudgeEmulator.start({ accounts });
    const settings = { noise, baseUrl: nudge.url, quietKey: QUIET_KEY, noisyKey: NOISY_KEY };
    await using server = await ServerProcess.start('noisy-tenant', settings);
    measured[noise] = await server.ask('measure');
  }
  return { noises: measured as NoisyTenantResults['noises'] };
}
