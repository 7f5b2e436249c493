import type { Clock } from '../common/clock.js';
import { Deadline } from '../common/deadline.js';
import { SECOND_MS } from '../common/durations.js';
import { askForApiKey, type ApiKeyProvider } from '../vendor/api-keys.js';
import type { StoreSecret } from './token-store.js';

/** A key function that hangs delays the boot for no longer than this. */
const LONGEST_WAIT_MS = 2 * SECOND_MS;

/**
 * The secrets for a store: bytes derived from each API key, never a key itself. A key that cannot be read is left out.
 *
 * @throws {NudgeAuthError} if no key can be read.
 */
export async function storeSecrets(
  providers: readonly (ApiKeyProvider | undefined)[],
  clock: Clock,
): Promise<readonly StoreSecret[]> {
  const deadline = new Deadline(clock, LONGEST_WAIT_MS);
  const asked = await Promise.allSettled(
    providers
      .filter((provider) => provider !== undefined)
      .map((provider) => askForApiKey(provider, deadline)),
  );
  const keys = asked.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
  const failure = asked.find((one) => one.status === 'rejected');
  if (keys.length === 0 && failure !== undefined) throw failure.reason;
  return keys.map((key) => ({
    keyFingerprint: key.fingerprint,
    material: key.derive('token store'),
  }));
}
