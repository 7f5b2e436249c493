import * as v from 'valibot';
import { isJson, isObject, numberFrom, text, wholeNumberFrom } from '../fields.js';

/*
 * The rules for the values in faults. The name of a field says its unit.
 */

const LARGEST_BODY_BYTES = 256 * 1024 * 1024;
/** 100 years, which keeps all dates valid. */
const LONGEST_S = 100 * 365 * 24 * 3600;
const LONGEST_MS = LONGEST_S * 1000;
const LONGEST_MINS = LONGEST_S / 60;

export const headerValue = v.pipe(
  text,
  v.regex(/^[\t\x20-\x7e]*$/, 'may hold printable ASCII characters only'),
);
export const nonEmptyHeaderValue = v.pipe(headerValue, v.nonEmpty('must not be empty'));
export const seconds = wholeNumberFrom(0, LONGEST_S);
export const positiveSeconds = wholeNumberFrom(1, LONGEST_S);
export const signedSeconds = wholeNumberFrom(-LONGEST_S, LONGEST_S);
export const milliseconds = numberFrom(0, LONGEST_MS);
export const signedMilliseconds = numberFrom(-LONGEST_MS, LONGEST_MS);
export const minutes = wholeNumberFrom(1, LONGEST_MINS);
export const bodyBytes = wholeNumberFrom(1, LARGEST_BODY_BYTES);
export const json = v.custom<unknown>((value) => isJson(value), 'must be JSON of at most 100 levels');
export const jsonObject = v.custom<Readonly<Record<string, unknown>>>(
  (value) => isObject(value) && isJson(value),
  'must be a JSON object of at most 100 levels',
);
