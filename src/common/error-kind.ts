/**
 * The name of an error, or of its class where the class gives its errors no name; for logs. A log gets nothing more of
 * the error: its message may quote a secret or a user.
 */
export function errorKindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return error.name === 'Error' && error.constructor.name !== '' ? error.constructor.name : error.name;
}
