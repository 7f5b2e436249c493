/** The name of an error, for logs. A log gets nothing more of it: the error's message may quote a secret or a user. */
export function errorKindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
