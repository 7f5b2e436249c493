import { createHmac } from 'node:crypto';
import type { Secret } from './secret.js';

const FINGERPRINT_CHARS = 12;

/** Stands for a tenant in log lines and events. A reader without the key cannot test which id it belongs to. */
export function tenantFingerprintOf(tenant: string, key: Secret): string {
  return createHmac('sha256', key.derive('tenant fingerprints'))
    .update(tenant)
    .digest('hex')
    .slice(0, FINGERPRINT_CHARS);
}
