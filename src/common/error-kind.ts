/** The name of an error, for logs. A log gets nothing more of it: the error's message may quote a secret or a user. */
export function errorKindOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.name) : typeof error;
  } catch {
    // Code of the host can throw any value, also a proxy that throws when it is read.
    return typeof error;
  }
}
