/** A key that is none: whoever decodes it reads what it is. */
export function fakeEncryptionKey(name = '1'): string {
  return Buffer.from(`obviously-fake-encryption-key-${name}`.padEnd(32, '.')).toString('base64');
}
