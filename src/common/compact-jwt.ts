/** The content of a JWT that is decoded but not verified. No other caller shares these objects. */
export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Refuses bytes that are not UTF-8. Keeps a byte order mark, which `JSON.parse` then refuses. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether a text is base64url exactly as an encoder writes it: no padding, no other characters, no extra bits. */
export function isBase64Url(text: string): boolean {
  return text !== '' && Buffer.from(text, 'base64url').toString('base64url') === text;
}

function decodeObject(part: string): Readonly<Record<string, unknown>> | undefined {
  if (!isBase64Url(part)) return undefined;
  try {
    const value: unknown = JSON.parse(UTF_8.decode(Buffer.from(part, 'base64url')));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not UTF-8, or not JSON. The error is dropped because it may quote the text.
    return undefined;
  }
}

/**
 * The header and the claims of a JWT in compact form. Decodes strictly: returns `undefined` unless each of the two is
 * the base64url of a JSON object in UTF-8.
 *
 * @see RFC 7515 §5.2, RFC 7519 §7.2
 */
export function decodeJwt(jwt: string): DecodedJwt | undefined {
  const parts = jwt.split('.');
  const [head, claims] = parts;
  if (head === undefined || claims === undefined || parts.length !== 3) return undefined;
  const header = decodeObject(head);
  const payload = header && decodeObject(claims);
  return header === undefined || payload === undefined ? undefined : { header, payload };
}

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
