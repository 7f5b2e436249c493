import type { CommandIo } from '../../common/command.js';
import type { CheckStatus } from '../check.js';

const ESCAPES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

type Style = keyof typeof ESCAPES;
export type Paint = (style: Style, text: string) => string;

/**
 * Colours for a terminal, unless the user has switched them off.
 *
 * @see https://no-color.org
 */
export function paintFor({ isTerminal, environment }: CommandIo): Paint {
  const isOff = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  if (!isTerminal.output || isOff) return (_style, text) => text;
  return (style, text) => `\u001B[${ESCAPES[style]}m${text}\u001B[0m`;
}

export const MARKS: Readonly<Record<CheckStatus, { readonly sign: string; readonly style: Style }>> = {
  pass: { sign: '✓', style: 'green' },
  warn: { sign: '!', style: 'yellow' },
  fail: { sign: '✗', style: 'red' },
  skip: { sign: '-', style: 'dim' },
};
