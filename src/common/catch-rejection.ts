/**
 * Handles the rejection of a promise that is not awaited, because an unhandled one ends the process. It knows promises of
 * other realms and libraries as well.
 *
 * @returns whether the value is a promise.
 * @throws whatever the value throws when its `then` is read.
 */
export function catchRejection(
  value: unknown,
  onRejected: (error: unknown) => void = () => undefined,
): boolean {
  if (typeof value !== 'object' || value === null || !('then' in value)) return false;
  if (typeof value.then !== 'function') return false;
  Promise.resolve(value).catch(onRejected);
  return true;
}
