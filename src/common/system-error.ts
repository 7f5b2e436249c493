import { constants } from 'node:os';

/** The `code` of a caught value. Any code may have set it to any value: a log must not print it without a check. */
export function errorCodeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
}

/**
 * The code of an error of the operating system, such as `ENOENT`; `undefined` for other errors. The code is one of a
 * fixed list, so it cannot hold a secret.
 */
export function systemErrorCodeOf(error: unknown): string | undefined {
  const code = errorCodeOf(error);
  return typeof code === 'string' && Object.hasOwn(constants.errno, code) ? code : undefined;
}
