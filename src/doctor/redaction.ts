const REDACTED = '[redacted]';
/** What is shorter is no secret, and taking it out would garble ordinary words. */
const SHORTEST_SECRET = 6;

/** Keeps secrets and what could drive a terminal out of everything that the doctor says: the last door. */
export class Redaction {
  readonly #secrets = new Set<string>();

  /** Takes a secret out of what is said from now on, as it is and percent-encoded. */
  conceal(secret: string | undefined): void {
    if (secret === undefined || secret.trim().length < SHORTEST_SECRET) return;
    this.#secrets.add(secret).add(secret.trim()).add(encodeURIComponent(secret));
  }

  apply(text: string): string {
    let said = text;
    for (const secret of this.#secrets) said = said.replaceAll(secret, REDACTED);
    // Certificates and servers choose some of the words.
    return said.replaceAll(/\p{Cc}+/gu, ' ');
  }
}
