/**
 * The name of an error, or of its class where the class gives its errors no name; for logs. A log gets nothing more of
 * the error: its message may quote a secret or a user.
 */
export function errorKindOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return typeof error;
    const { name, constructor } = error;
    return name === 'Error' && constructor.name !== '' ? constructor.name : name;
  } catch {
    // Code of the host can throw any value, also a proxy that throws when it is read.
    return typeof error;
  }
}
