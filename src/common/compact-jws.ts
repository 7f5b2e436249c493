/**
 * A signed JWT in compact form: header and claims as JSON in base64url, then the signature.
 *
 * @param sign signs the text before the signature.
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-7.1
 */
export function compactJws(
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
  sign: (signingInput: string) => Buffer,
): string {
  const signingInput = `${base64urlJson(header)}.${base64urlJson(claims)}`;
  return `${signingInput}.${sign(signingInput).toString('base64url')}`;
}

function base64urlJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
