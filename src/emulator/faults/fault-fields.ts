import { z } from 'zod';

/*
 * The values that fields of faults may have. Each field of a fault says in its own type what is the unit.
 */

const LARGEST_BODY_BYTES = 256 * 1024 * 1024;
/** Dates further away cannot be written: 100 years. */
const LONGEST_S = 100 * 365 * 24 * 3600;
const LONGEST_MS = LONGEST_S * 1000;
const LONGEST_MINS = LONGEST_S / 60;

export const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'may hold printable ASCII characters only');
export const seconds = z.int().min(0).max(LONGEST_S);
export const signedSeconds = z.int().min(-LONGEST_S).max(LONGEST_S);
export const milliseconds = z.number().min(0).max(LONGEST_MS);
export const signedMilliseconds = z.number().min(-LONGEST_MS).max(LONGEST_MS);
export const minutes = z.int().min(1).max(LONGEST_MINS);
export const bodyBytes = z.int().min(1).max(LARGEST_BODY_BYTES);
export const json = z.json('must be JSON');
