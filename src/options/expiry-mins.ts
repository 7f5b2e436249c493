/** The vendor's default. The module always sends it, because the vendor's two pages disagree on whether it is optional. */
export const DEFAULT_EXPIRY_MINS = 60;
export const MIN_EXPIRY_MINS = 30;
export const MAX_EXPIRY_MINS = 1440;

/** What Nudge accepts as the lifetime of a token, for messages. */
export const EXPIRY_MINS_RANGE = `a whole number from ${MIN_EXPIRY_MINS} to ${MAX_EXPIRY_MINS}`;

/** Whether Nudge accepts the value as the lifetime of a token, in minutes. */
export function isExpiryMins(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= MIN_EXPIRY_MINS && Number(value) <= MAX_EXPIRY_MINS;
}
