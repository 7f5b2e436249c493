const REDACTED = '[redacted]';
/** A shorter text is not a secret, and its removal would damage ordinary words. */
const SHORTEST_SECRET = 6;

/** Removes secrets and control characters from all output of the doctor. */
export class Redaction {
  readonly #secrets = new Set<string>();

  /** Removes a secret from all later output, plain and percent-encoded. */
  conceal(secret: string | undefined): void {
    if (secret === undefined || secret.trim().length < SHORTEST_SECRET) return;
    this.#secrets.add(secret).add(secret.trim()).add(encodeURIComponent(secret));
  }

  apply(text: string): string {
    let redacted = text;
    for (const secret of this.#secrets) redacted = redacted.replaceAll(secret, REDACTED);
    // Some of the text comes from certificates and servers: control characters could change the terminal.
    return redacted.replaceAll(/\p{Cc}+/gu, ' ');
  }
}
