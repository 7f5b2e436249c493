import { constants } from 'node:os';

/**
 * The code of an error of the operating system, such as `ENOENT`; `undefined` for any other. It is one of a fixed list,
 * so that nothing else can hide in it.
 */
export function systemErrorCodeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && Object.hasOwn(constants.errno, code) ? code : undefined;
}
