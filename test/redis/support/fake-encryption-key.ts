/** A key that is obviously fake: its bytes are a text that says so. */
export function fakeEncryptionKey(name = '1'): string {
  return Buffer.from(`obviously-fake-encryption-key-${name}`.padEnd(32, '.')).toString('base64');
}
