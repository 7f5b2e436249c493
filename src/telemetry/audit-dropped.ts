import type { AuditDropReason, NudgeAuthEventOf } from './events.js';

/** The cause of each reason, with what to do about it. */
const CAUSES: Readonly<Record<AuditDropReason, string>> = {
  'queue-full': 'the queue was full, because audit.onIssued is too slow for this many users',
  failed:
    'audit.onIssued failed, or recordIssued() got no token or no request: let audit.onIssued catch its errors and try again',
  timeout:
    'audit.onIssued took more than 5 s: see what it waits for, and let it stop when its signal is aborted',
  closed: 'the application closed before audit.onIssued took them',
};

/** The log line for lost audit records. */
export function auditDropped({ records, reason }: NudgeAuthEventOf<'audit-dropped'>): string {
  return `${records} records of the audit are lost: ${CAUSES[reason]}. status().auditDropped counts all that are lost.`;
}
