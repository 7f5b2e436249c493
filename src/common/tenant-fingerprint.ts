import { createHmac } from 'node:crypto';
import type { Secret } from './secret.js';

const FINGERPRINT_CHARS = 12;

/** What stands for a tenant in log lines and events. Without the key a reader cannot find out which ids it may stand for. */
export function tenantFingerprintOf(tenant: string, key: Secret): string {
  return createHmac('sha256', key.derive('tenant fingerprints'))
    .update(tenant)
    .digest('hex')
    .slice(0, FINGERPRINT_CHARS);
}
