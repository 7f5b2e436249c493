import { constants } from 'node:os';

/** The `code` of whatever was thrown. Anybody may have set it, to anything: no log may have it as it is. */
export function errorCodeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
}

/**
 * The code of an error of the operating system, such as `ENOENT`; `undefined` for any other. It is one of a fixed list,
 * so that nothing else can hide in it.
 */
export function systemErrorCodeOf(error: unknown): string | undefined {
  const code = errorCodeOf(error);
  return typeof code === 'string' && Object.hasOwn(constants.errno, code) ? code : undefined;
}
