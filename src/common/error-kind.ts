/*
 * What a log may say of an error from other code: its kind, its code, its reason in one word. Never its message, which may
 * quote a secret.
 */
import { constants } from 'node:os';

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

/** The form of the error codes of operating systems, TLS and Redis. No secret and no address has this form. */
const WORD = /^[A-Z]{2,}(?:_[A-Z]+)*$/;
const LONGEST_WORD = 40;

function firstWordOfReply(error: unknown): string | undefined {
  const { name, message } = Object(error) as { readonly name?: unknown; readonly message?: unknown };
  return name === 'ReplyError' ? String(message).split(' ', 1)[0] : undefined;
}

/**
 * Why a call to another system failed, in one word for a log: the code of an error (`ECONNREFUSED`), the first word of
 * an error reply of Redis (`NOAUTH`), or `timeout`. Never the message, which may quote a secret.
 */
export function failureReasonOf(error: unknown): string | undefined {
  const word = errorCodeOf(error) ?? firstWordOfReply(error);
  if (word === 'ETIMEDOUT' || word === 'timeout') return 'timeout';
  return typeof word === 'string' && word.length <= LONGEST_WORD && WORD.test(word) ? word : undefined;
}
