import { existsSync, readFileSync } from 'node:fs';
import type { Results } from './targets.js';

export interface Recorded<Name extends keyof Results> {
  readonly command: string;
  readonly measuredAt: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly node: string;
    readonly system: string;
    readonly versions: Readonly<Record<string, string | undefined>>;
  };
  readonly result: Results[Name];
}

/** The result of the last full run; `undefined` if it has not measured this. */
export function recorded<Name extends keyof Results>(folder: URL, name: Name): Recorded<Name> | undefined {
  const file = new URL(`${name}.json`, folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded<Name>) : undefined;
}
