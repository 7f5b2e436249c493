/** What kind of error was thrown: all of it that a log may have, for its message may quote a secret or a user. */
export function errorKindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
