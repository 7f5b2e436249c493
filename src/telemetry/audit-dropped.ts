import type { AuditDropReason, NudgeAuthEventOf } from './events.js';

/** What happened, and what to do about it. */
const CAUSES: Readonly<Record<AuditDropReason, string>> = {
  'queue-full': 'more were waiting than are kept: audit.onIssued is too slow for this many users',
  failed: 'audit.onIssued failed: have it catch its errors, and try again by itself',
  timeout: 'audit.onIssued took more than 5 s: see what it waits for, and have it mind its signal',
  closed: 'the application closed before audit.onIssued took them',
};

/** The log line for records of the audit that are lost. */
export function auditDropped({ records, reason }: NudgeAuthEventOf<'audit-dropped'>): string {
  return `${records} records of the audit are lost: ${CAUSES[reason]}. status().auditDropped counts all that are lost.`;
}
